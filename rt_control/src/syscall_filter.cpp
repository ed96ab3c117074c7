#include "syscall_filter.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <vector>

namespace dynamical::rt {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kForeignCalls = 0x40000000;  // x32
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kForeignCalls = 0x80000000;  // none
#else
#error "syscall_filter.cpp: add the architecture"
#endif

static_assert(std::endian::native == std::endian::little, "the low half of an argument is its first");

// The sleep first: it is the one that comes in every cycle. The clock is asked without the kernel, except where its
// source forbids that. The others end the process, or return from a signal.
constexpr std::array kAllowed{SYS_clock_nanosleep, SYS_clock_gettime, SYS_rt_sigreturn, SYS_restart_syscall,
                              SYS_getrusage,       SYS_exit,          SYS_exit_group};

volatile std::sig_atomic_t forbidden_call = -1;

// NOLINTNEXTLINE(misc-const-correctness): sigaction wants this signature.
extern "C" void on_forbidden_call(int /*signal*/, siginfo_t* information, void* context) {
  forbidden_call = information->si_syscall;
  // The call has not happened: let it look like one that this kernel does not have.
  auto* interrupted = static_cast<ucontext_t*>(context);
#if defined(__x86_64__)
  interrupted->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
#else
  interrupted->uc_mcontext.regs[0] = static_cast<std::uint64_t>(-ENOSYS);
#endif
}

class Program {
 public:
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void answer(std::uint32_t result) { add(BPF_RET | BPF_K, result); }
  // Goes over the next `skip` instructions unless the loaded value is this one.
  void unless_equal(std::uint32_t value, std::size_t skip) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, static_cast<std::uint8_t>(skip));
  }
  void unless_at_least(std::uint32_t value, std::size_t skip) {
    add(BPF_JMP | BPF_JGE | BPF_K, value, 0, static_cast<std::uint8_t>(skip));
  }
  void allow(std::uint32_t value) {
    unless_equal(value, 1);
    answer(SECCOMP_RET_ALLOW);
  }
  [[nodiscard]] std::span<sock_filter> code() { return code_; }

 private:
  void add(int code, std::uint32_t value, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
    code_.push_back({static_cast<std::uint16_t>(code), if_true, if_false, value});
  }
  std::vector<sock_filter> code_;
};

Program make_program(std::span<const int> descriptors) {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.unless_equal(kArchitecture, 1);
  program.load(offsetof(seccomp_data, nr));
  // After a foreign architecture the loaded value is that architecture: far above every number of a call.
  program.unless_at_least(kForeignCalls, 1);
  program.answer(SECCOMP_RET_TRAP);
  for (const long number : kAllowed) {
    program.allow(static_cast<std::uint32_t>(number));
  }
  for (const long number : {SYS_write, SYS_ioctl}) {
    program.unless_equal(static_cast<std::uint32_t>(number), 2 + 2 * descriptors.size());
    program.load(offsetof(seccomp_data, args));
    for (const int descriptor : descriptors) {
      program.allow(static_cast<std::uint32_t>(descriptor));
    }
    program.answer(SECCOMP_RET_TRAP);
  }
  program.answer(SECCOMP_RET_TRAP);
  return program;
}

}  // namespace

bool filter_system_calls(std::span<const int> descriptors) {
  struct sigaction action{};
  action.sa_sigaction = on_forbidden_call;
  action.sa_flags = SA_SIGINFO;
  if (sigaction(SIGSYS, &action, nullptr) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return false;
  }
  Program program = make_program(descriptors);
  const sock_fprog compiled{static_cast<unsigned short>(program.code().size()), program.code().data()};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &compiled) == 0;
}

std::int32_t take_forbidden_call() noexcept {
  const std::int32_t number = forbidden_call;
  if (number >= 0) {
    forbidden_call = -1;
  }
  return number;
}

}  // namespace dynamical::rt
