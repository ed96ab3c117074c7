#include "scope_output.hpp"

#include <fcntl.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace dynamical::rt {

ScopeOutput::ScopeOutput(const std::string& target) {
  const std::size_t colon = target.rfind(':');
  if (colon == std::string::npos) {
    open_serial(target);
    return;
  }
  const char* end = target.data() + target.size();
  std::uint32_t line = 0;
  const auto [rest, error] = std::from_chars(target.data() + colon + 1, end, line);
  if (error != std::errc{} || rest != end) {
    throw std::runtime_error("--scope is '" + target +
                             "', allowed are a serial line or CHIP:LINE, e.g. /dev/gpiochip0:17");
  }
  open_line(target.substr(0, colon), line);
}

void ScopeOutput::open_line(const std::string& chip, std::uint32_t line) {
  const Outlet device(open(chip.c_str(), O_RDWR | O_CLOEXEC));
  gpio_v2_line_request request{};
  request.offsets[0] = line;
  request.num_lines = 1;
  request.config.flags = GPIO_V2_LINE_FLAG_OUTPUT;
  std::strncpy(request.consumer, "rt_control scope", sizeof(request.consumer) - 1);
  if (device.get() < 0 || ioctl(device.get(), GPIO_V2_GET_LINE_IOCTL, &request) != 0) {
    throw std::runtime_error("--scope: line " + std::to_string(line) + " of " + chip + " is not given: " +
                             std::strerror(errno) + "; `gpioinfo` lists the lines and who uses them");
  }
  outlet_ = Outlet(request.fd);
  gpio_ = true;
}

void ScopeOutput::open_serial(const std::string& path) {
  outlet_ = Outlet(open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (outlet_.get() < 0 || !set(false)) {
    throw std::runtime_error("--scope: DTR of " + path + " cannot be set: " + std::strerror(errno) +
                             "; give a serial line with modem control, or CHIP:LINE of a GPIO chip");
  }
}

bool ScopeOutput::set(bool high) const noexcept {
  if (gpio_) {
    gpio_v2_line_values values{};
    values.mask = 1;
    values.bits = high ? 1 : 0;
    return ioctl(outlet_.get(), GPIO_V2_LINE_SET_VALUES_IOCTL, &values) == 0;
  }
  const int line = TIOCM_DTR;
  return ioctl(outlet_.get(), high ? TIOCMBIS : TIOCMBIC, &line) == 0;
}

void ScopeOutput::toggle() noexcept {
  if (outlet_.get() >= 0) {
    high_ = !high_;
    // A line that stands still is what the oscilloscope is there to show.
    [[maybe_unused]] const bool done = set(high_);
  }
}

}  // namespace dynamical::rt
