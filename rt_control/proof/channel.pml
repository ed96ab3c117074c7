/* The latest-value channel of rt_control/src/channel.cpp, step by step. README.md says what is proven with it.
 *
 * One step is one access to shared memory. Within `fill` and `copy` the steps come in any order that the memory order of
 * the C++ code leaves free: a step may be taken as soon as those are done that a fence puts before it (OWES...). The
 * model therefore covers every multi-copy atomic machine (x86, ARMv8, RISC-V), not sequential consistency alone.
 *
 * A writer that crashes takes no further step. Without ZOMBIE its successor starts only then, as the supervisor kills and
 * reaps before it starts; with ZOMBIE the one before may be anywhere, and goes on whenever it likes.
 *
 * Macros from the command line: SLOTS, WRITERS, WRITES, READS, ATTEMPTS, NARROW, ZOMBIE, REPLAY (with TRACES), and M_..., a mutant.
 */

#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef WRITES /* by each writer */
#define WRITES 2
#endif
#ifndef READS
#define READS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
#define READER WRITERS /* its number as an actor */

/* A word: generation * 16 + sequence. */
#define WORD(generation, sequence) ((generation) * 16 + (sequence))
#define GENERATION(word) ((word) / 16)
#define SEQUENCE(word) ((word) % 16)
#define SLOT(word) (SEQUENCE(word) % SLOTS)
#define WORDS 96

/* The checksum of a message, as what it was computed over. */
#ifdef M_CHECKSUM_WITHOUT_WORD
#define CHECKSUM(word, id) (id)
#else
#define CHECKSUM(word, id) ((word) * 32 + (id))
#endif

/* Operations, as a trace names them. */
#define load_newest 1
#define load_word 2
#define load_stamp 3
#define load_check 4
#define load_payload 5
#define store_word 6
#define store_stamp 7
#define store_check 8
#define store_payload 9
#define publish 10
#define refuse 11
#define ended 12

/* Shared memory. */
byte newest;
typedef Slot {
  byte word;
  byte stamp; /* here, like the payload: the number of the message */
  short check;
  byte payload;
}
Slot slot[SLOTS];

/* What the properties speak of; no step depends on it. */
byte published[WORDS]; /* by word: the message; 0: none */
byte owner = 255;      /* writer that attached last */
byte started;          /* writers */
byte finished;         /* bit per actor */

#ifdef REPLAY
/* The step that the trace has next; replay.h fills it. */
c_decl { \#include "replay.h" }
short chosen;
short at;
byte next_actor;
byte next_operation;
byte next_slot;
short next_value;
#define MAY(operation, place, value) \
  (next_actor == me && next_operation == operation && next_slot == (place) && next_value == (value))
#define TAKEN c_code { replay_next(&now.chosen, &now.at, &now.next_actor, &now.next_operation, &now.next_slot, &now.next_value); }
#elif defined(ZOMBIE)
#define MAY(operation, place, value) true
#define TAKEN skip
#else
#define MAY(operation, place, value) (me == READER || me + 1 == started)
#define TAKEN skip
#endif

#if !defined(ZOMBIE) && !defined(REPLAY)
#define LAST_IS_READABLE \
  assert(SEQUENCE(newest) == 0 || (slot[SLOT(newest)].word == newest && \
         STAMP_IS(slot[SLOT(newest)].stamp, published[newest]) && slot[SLOT(newest)].payload == published[newest] && \
         slot[SLOT(newest)].check == CHECKSUM(newest, published[newest])))
#else
#define LAST_IS_READABLE skip
#endif

/* ---- copy: the loads, as bits of `left` ---- */
#define WORD_1 1
#define STAMP 2
#define CHECK 4
#define PAYLOAD 8
#define WORD_2 16
#ifdef NARROW /* the stamp is left out: to the protocol it is one more word of the payload */
#define BODY (CHECK | PAYLOAD)
#define STAMP_IS(value, number) true
#else
#define BODY (STAMP | CHECK | PAYLOAD)
#define STAMP_IS(value, number) ((value) == (number))
#endif

#ifdef M_NO_ACQUIRE_OF_WORD
#define OWES_FIRST(left) false
#else
#define OWES_FIRST(left) (left & WORD_1) /* acquire load of the word, before the body */
#endif
#ifdef M_NO_ACQUIRE_FENCE
#define OWES_BODY(left) false
#else
#define OWES_BODY(left) (left & BODY) /* acquire fence, before the recheck */
#endif
#ifdef M_SKIP_RECHECK
#define LOADS (WORD_1 | BODY)
#else
#define LOADS (WORD_1 | BODY | WORD_2)
#endif

#define OK 0
#define EMPTY 1
#define TORN 2
#define WRONG 3

/* Copies the slot of `want`; `result` is what `copy` returns. */
inline copy_slot() {
  result = OK;
  left = LOADS;
  do
  :: atomic {
       (left & WORD_1) && MAY(load_word, SLOT(want), slot[SLOT(want)].word) ->
       left = left & ~WORD_1;
       if
       :: slot[SLOT(want)].word != want ->
#ifdef M_ANY_WORD
          want = slot[SLOT(want)].word
#else
          result = TORN; left = 0
#endif
       :: else
       fi;
       TAKEN
     }
  :: atomic {
       (left & STAMP) && !OWES_FIRST(left) && MAY(load_stamp, SLOT(want), slot[SLOT(want)].stamp) ->
       left = left & ~STAMP; stamp = slot[SLOT(want)].stamp; TAKEN
     }
  :: atomic {
       (left & CHECK) && !OWES_FIRST(left) && MAY(load_check, SLOT(want), slot[SLOT(want)].check) ->
       left = left & ~CHECK; check = slot[SLOT(want)].check; TAKEN
     }
  :: atomic {
       (left & PAYLOAD) && !OWES_FIRST(left) && MAY(load_payload, SLOT(want), slot[SLOT(want)].payload) ->
       left = left & ~PAYLOAD; payload = slot[SLOT(want)].payload; TAKEN
     }
  :: atomic {
       (left & WORD_2) && !(left & WORD_1) && !OWES_BODY(left) &&
           MAY(load_word, SLOT(want), slot[SLOT(want)].word) ->
       left = left & ~WORD_2;
       if
       :: slot[SLOT(want)].word != want -> result = TORN; left = 0
       :: else
       fi;
       TAKEN
     }
  :: left == 0 -> break
  od;
  /* Without ZOMBIE the words alone must do. */
#if (defined(ZOMBIE) || defined(REPLAY)) && !defined(M_NO_CHECKSUM)
  if
  :: result == OK && !(STAMP_IS(stamp, payload) && check == CHECKSUM(want, payload)) -> result = WRONG
  :: else
  fi
#endif
}

/* ---- fill and publish: the stores, as bits of `todo` ---- */
#define ZERO 16
#define CLOSE 1
#define SWAP 32

#ifdef M_SKIP_ZERO
#define STORES (BODY | CLOSE | SWAP)
#else
#define STORES (ZERO | BODY | CLOSE | SWAP)
#endif
#ifdef M_NO_RELEASE_FENCE
#define OWES_ZERO(todo) false
#else
#define OWES_ZERO(todo) (todo & ZERO) /* release fence, before the body */
#endif
#ifdef M_NO_RELEASE_OF_WORD
#define OWES_FILL(todo) (todo & ZERO) /* the same word: always in order */
#else
#define OWES_FILL(todo) (todo & (ZERO | BODY)) /* release store of the word */
#endif
#ifdef M_NO_RELEASE_OF_NEWEST
#define OWES_CLOSE(todo) false
#else
#define OWES_CLOSE(todo) (todo & (ZERO | BODY | CLOSE)) /* release of the compare-and-swap */
#endif
#ifdef M_PUBLISH_FIRST
#undef OWES_ZERO
#undef OWES_CLOSE
#define OWES_ZERO(todo) (todo & (ZERO | SWAP))
#define OWES_CLOSE(todo) (todo & ZERO)
#endif

#ifdef M_SAME_SLOT
#define TARGET(after) SLOT(newest)
#else
#define TARGET(after) SLOT(after)
#endif
#ifdef M_PUBLISH_BY_STORE
#define WINS true
#else
#define WINS (newest == before)
#endif

/* Fills the slot of `after` with message `id` and publishes it if `newest` is still `before`; then `won`. */
inline fill_and_publish(stores, is_write) {
  todo = stores;
  won = false;
  do
  :: atomic {
       (todo & ZERO) && MAY(store_word, target, 0) ->
       todo = todo & ~ZERO; slot[target].word = 0; LAST_IS_READABLE; TAKEN
     }
  :: atomic {
       (todo & STAMP) && !OWES_ZERO(todo) && MAY(store_stamp, target, id) ->
       todo = todo & ~STAMP; slot[target].stamp = id; LAST_IS_READABLE; TAKEN
     }
  :: atomic {
       (todo & CHECK) && !OWES_ZERO(todo) && MAY(store_check, target, CHECKSUM(after, id)) ->
       todo = todo & ~CHECK; slot[target].check = CHECKSUM(after, id); LAST_IS_READABLE; TAKEN
     }
  :: atomic {
       (todo & PAYLOAD) && !OWES_ZERO(todo) && MAY(store_payload, target, id) ->
       todo = todo & ~PAYLOAD; slot[target].payload = id; LAST_IS_READABLE; TAKEN
     }
  :: atomic {
       (todo & CLOSE) && !OWES_FILL(todo) && MAY(store_word, target, after) ->
       todo = todo & ~CLOSE; slot[target].word = after; LAST_IS_READABLE; TAKEN
     }
  :: atomic {
       (todo & SWAP) && !OWES_CLOSE(todo) && WINS && MAY(publish, 0, after) ->
       todo = todo & ~SWAP;
       won = true;
       assert(!(is_write) || owner == me);                    /* a fenced writer publishes nothing */
       assert(after > newest && published[after] == 0);       /* no word comes twice, none goes back */
       newest = after;
       published[after] = id;
       LAST_IS_READABLE;
       if
       :: is_write
       :: else -> owner = me
       fi;
       TAKEN
     }
  :: atomic {
       (todo & SWAP) && !OWES_CLOSE(todo) && !WINS && MAY(refuse, 0, newest) ->
       todo = todo & ~SWAP; TAKEN
     }
  :: todo == 0 -> break
  od
}

proctype writer(byte me) {
  byte word, before, after, target, id, todo;
  bool won;
  byte want, left, result, stamp, payload, writes;
  short check;

  /* attach */
  do
  :: !won ->
again:
     atomic { MAY(load_newest, 0, newest) -> before = newest; want = newest; result = EMPTY; TAKEN }
     if
     :: SEQUENCE(before) != 0 ->
        copy_slot();
        if
        :: result == TORN ->
           if
           :: atomic { newest != before && MAY(load_newest, 0, newest) -> TAKEN }
              goto again
           :: atomic { newest == before && MAY(load_newest, 0, newest) -> TAKEN }
           fi
        :: else
        fi
     :: else
     fi;
     atomic {
#ifdef M_REUSE_GENERATION
       after = WORD((GENERATION(before) == 0 -> 1 : GENERATION(before)), SEQUENCE(before));
#else
       after = WORD(GENERATION(before) + 1, SEQUENCE(before));
#endif
       id = 0;
       left = SWAP;
       if
       :: result == EMPTY
       :: result == OK ->
#ifndef M_ATTACH_WITHOUT_COPY
          after++;
          target = TARGET(after);
          id = payload;
          left = STORES
#else
          skip
#endif
       :: else ->
#ifdef M_LEFT_BEHIND
          skip
#else
          after = after + 2
#endif
       fi
     }
     fill_and_publish(left, false)
  :: else -> break
  od;
  word = after;

  /* write */
  do
  :: writes < WRITES ->
     writes++;
     if
     :: atomic {
          newest == word && MAY(load_newest, 0, newest) ->
          id = me * WRITES + writes;
          before = word;
          after = word + 1;
          target = TARGET(after);
          TAKEN
        }
        fill_and_publish(STORES, true);
        if
        :: won -> word = after
        :: else
        fi
     :: atomic { newest != word && MAY(load_newest, 0, newest) -> TAKEN }
     fi
  :: else -> break
  od;
  atomic { MAY(ended, 0, 0) -> finished = finished | (1 << me); TAKEN }
}

proctype reader(byte me) {
  byte want, left, tries, result, stamp, payload, reads, last;
  short check;
  do
  :: reads < READS ->
     reads++;
     tries = 0;
     result = TORN;
     do
     :: tries < ATTEMPTS && result == TORN ->
        atomic {
          MAY(load_newest, 0, newest) ->
          want = newest;
          tries++;
          result = EMPTY;
          TAKEN
        }
        if
        :: SEQUENCE(want) != 0 -> copy_slot()
        :: else
        fi
     :: else -> break
     od;
#ifdef M_RETURN_TORN
     if
     :: result == TORN -> result = OK
     :: else
     fi;
#endif
     atomic {
       MAY(ended, result, (result == OK -> payload : 0)) ->
       if
       :: result == OK ->
          assert(STAMP_IS(stamp, payload) && published[want] == payload && payload != 0); /* whole, and written as this word */
          assert(want >= last);                                               /* never back */
          last = want
       :: else
       fi;
       TAKEN
     }
  :: else -> break
  od;
  atomic { finished = finished | (1 << me) }
}

init {
#ifdef REPLAY
  atomic {
    do
    :: chosen + 1 < TRACES -> chosen++
    :: break
    od;
    c_code { replay_first(&now.chosen, &now.at, &now.next_actor, &now.next_operation, &now.next_slot, &now.next_value); }
  }
#endif
  atomic { run reader(READER); run writer(0); started = 1 }
  do
  :: started < WRITERS -> atomic { run writer(started); started++ }
  :: else -> break
  od;
#ifndef REPLAY
  /* Nobody waits for anybody: when nothing moves any more, the reader and the newest writer are through. */
  timeout;
  assert((finished & (1 << READER)) && (finished & (1 << (WRITERS - 1))))
#endif
}
