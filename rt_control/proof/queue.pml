/* The queue of requests of rt_control/src/queue.cpp, step by step; the conventions are those of channel.pml.
 *
 * Pushing processes exclude each other by a lock that the kernel takes from a process that dies; each may die at any
 * step. Two processes take: the second may come at any time, and the first goes on whenever it likes (an rt_control that
 * was stopped, replaced and continued). A taker that crashes takes no further step.
 */

#ifndef SLOTS
#define SLOTS 2
#endif
#define PUSHES(me) ((me) == 0 -> 2 : 1)
#ifndef POPS /* by each of the two that take */
#define POPS 2
#endif

/* Shared memory, and the lock of the file. */
byte newest, popped, holder; /* holder: process that has the lock + 1 */
typedef Slot {
  byte first;
  byte second;
}
Slot slot[SLOTS];

/* What the properties speak of; no step depends on it. */
byte pushed_as[8]; /* by index: the request; 0: none */
bool taken[8];
byte ended;
bool died;

#define FIRST 1
#define SECOND 2
#define ITEM (FIRST | SECOND)
#define COUNT 4
#define NEWEST 4
#define SWAP 8

#ifdef M_NO_RELEASE_OF_NEWEST
#define OWES_ITEM(todo) false
#else
#define OWES_ITEM(todo) (todo & ITEM) /* release store of newest */
#endif
#ifdef M_COUNT_FIRST
#undef OWES_ITEM
#define OWES_ITEM(todo) false
#define OWES_COUNT(todo) (todo & COUNT)
#else
#define OWES_COUNT(todo) false
#endif
#ifdef M_NO_ACQUIRE_OF_NEWEST
#define OWES_NEWEST(left) false
#else
#define OWES_NEWEST(left) (left & NEWEST) /* acquire load of newest */
#endif
#ifdef M_NO_RELEASE_OF_POPPED
#define OWES_COPY(left) (left & NEWEST)
#else
#define OWES_COPY(left) (left & (NEWEST | ITEM)) /* release of the compare-and-swap */
#endif
#ifdef M_NO_LOCK
#define FREE true
#else
#define FREE (holder == 0)
#endif
#ifdef M_NO_ROOM_CHECK
#define ROOM true
#else
#define ROOM (index - seen < SLOTS)
#endif
#ifdef M_POP_BY_STORE
#define WINS true
#else
#define WINS (popped == next)
#endif

proctype pusher(byte me) {
  byte index, seen, request, todo, count;
  do
  :: count < PUSHES(me) ->
     count++;
     request = me * 2 + count;
     atomic { FREE -> holder = me + 1 }
     index = newest;
     seen = popped;
     if
     :: ROOM -> todo = ITEM | COUNT
     :: else -> todo = 0 /* refused, and counted */
     fi;
     do
     :: atomic { (todo & FIRST) && !OWES_COUNT(todo) -> todo = todo & ~FIRST; slot[index % SLOTS].first = request }
     :: atomic { (todo & SECOND) && !OWES_COUNT(todo) -> todo = todo & ~SECOND; slot[index % SLOTS].second = request }
     :: atomic {
          (todo & COUNT) && !OWES_ITEM(todo) ->
          todo = todo & ~COUNT;
          assert(pushed_as[index] == 0 && newest == index); /* no accepted request is overwritten */
          pushed_as[index] = request;
          newest = index + 1
        }
     :: todo == 0 -> break
     :: atomic { !died -> died = true; goto dead }
     od;
     holder = 0
  :: else -> break
  od;
  goto through;
dead:
#ifndef M_LOCK_OUTLIVES_ITS_HOLDER
  holder = 0
#endif
  ;
through:
  ended++
}

proctype taker() {
  byte next, left, first, second, pops;
  bool won;
  next = popped;
  do
  :: pops < POPS ->
     pops++;
     if
     :: atomic { popped != next -> next = popped } /* another one took */
     :: atomic { popped == next -> left = NEWEST | ITEM | SWAP; won = false }
        do
        :: atomic {
             (left & NEWEST) ->
             left = (newest == next -> 0 : left & ~NEWEST) /* 0: none is waiting */
           }
        :: atomic { (left & FIRST) && !OWES_NEWEST(left) -> left = left & ~FIRST; first = slot[next % SLOTS].first }
        :: atomic { (left & SECOND) && !OWES_NEWEST(left) -> left = left & ~SECOND; second = slot[next % SLOTS].second }
        :: atomic {
             (left & SWAP) && !OWES_COPY(left) ->
             left = left & ~SWAP;
             if
             :: WINS ->
                won = true;
                popped = next + 1;
                assert(!taken[next]); /* taken once */
                taken[next] = true
             :: else -> left = 0 /* it is the other's */
             fi
           }
        :: left == 0 -> break
        od;
        atomic {
          if
          :: won ->
             assert(first == pushed_as[next] && second == pushed_as[next]); /* whole, and in order */
             next++
          :: else
          fi
        }
     fi
  :: else -> break
  od;
  ended++
}

init {
  atomic { run pusher(0); run pusher(1); run taker() }
  run taker();
  timeout;
  assert(ended == 4) /* nobody waits for ever */
}
