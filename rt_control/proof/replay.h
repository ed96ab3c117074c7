/* Traces of the C++ code, for channel.pml with REPLAY: a test puts the numbers in (test_channel_protocol.py). Each step
 * is {actor, operation, slot, value}; operation 0 ends a trace. */
#include <stdio.h>

static const int replay_starts[] = {STARTS};
static const short replay_steps[][4] = {STEPS};
static char replay_done[sizeof(replay_starts) / sizeof(replay_starts[0])];

static void replay_load(const short* trace, const short* at, unsigned char* actor, unsigned char* operation,
                        unsigned char* slot, short* value) {
  const short* step = replay_steps[replay_starts[*trace] + *at];
  *actor = (unsigned char)step[0];
  *operation = (unsigned char)step[1];
  *slot = (unsigned char)step[2];
  *value = step[3];
  if (step[1] == 0 && !replay_done[*trace]) {
    replay_done[*trace] = 1;
    printf("replayed %d\n", *trace);
  }
}

static void replay_first(short* trace, short* at, unsigned char* actor, unsigned char* operation, unsigned char* slot,
                         short* value) {
  *at = 0;
  replay_load(trace, at, actor, operation, slot, value);
}

static void replay_next(short* trace, short* at, unsigned char* actor, unsigned char* operation, unsigned char* slot,
                        short* value) {
  ++*at;
  replay_load(trace, at, actor, operation, slot, value);
}
