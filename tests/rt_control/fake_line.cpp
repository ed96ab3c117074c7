// Stands in for the kernel's GPIO lines and a serial line's modem control, neither of which a test machine has:
// preloaded into rt_control, it counts what the line is told in the file that FAKE_LINE names.
#include <fcntl.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>

namespace {

struct Seen {
  std::uint64_t high;
  std::uint64_t low;
  std::uint64_t repeated;  // told the level that it had
  std::uint64_t line;
};

Seen* seen() {
  static Seen* const mapped = [] {
    const int file = open(std::getenv("FAKE_LINE"), O_RDWR | O_CLOEXEC);
    void* data = mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    return static_cast<Seen*>(data);
  }();
  return mapped;
}

int tell(bool high) {
  static int level = -1;
  seen()->repeated += level == static_cast<int>(high) ? 1 : 0;
  level = static_cast<int>(high);
  ++(high ? seen()->high : seen()->low);
  return 0;
}

}  // namespace

extern "C" int ioctl(int descriptor, unsigned long request, ...) noexcept {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  if (request == TIOCMBIS || request == TIOCMBIC) {
    return *static_cast<int*>(argument) == TIOCM_DTR ? tell(request == TIOCMBIS) : -1;
  }
  if (request == GPIO_V2_GET_LINE_IOCTL) {
    auto* asked = static_cast<gpio_v2_line_request*>(argument);
    seen()->line = asked->offsets[0];
    asked->fd = dup(descriptor);
    return asked->num_lines == 1 && asked->config.flags == GPIO_V2_LINE_FLAG_OUTPUT ? 0 : -1;
  }
  if (request == GPIO_V2_LINE_SET_VALUES_IOCTL) {
    const auto* values = static_cast<const gpio_v2_line_values*>(argument);
    return values->mask == 1 ? tell(values->bits == 1) : -1;
  }
  errno = ENOTTY;
  return -1;
}
