#include "watchdogs.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace dynamical::rt {
namespace {

Outlet open_outlet(const std::string& option, const std::string& path, int flags) {
  Outlet outlet(open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK));
  if (outlet.get() < 0) {
    throw std::runtime_error(option + " " + path + " cannot be opened: " + std::strerror(errno) +
                             "; give a device that is there and that you may write");
  }
  return outlet;
}

// What cannot be written counts as not petted: the watchdog acts.
template <typename Bytes>
void put(int descriptor, const Bytes& bytes) noexcept {
  [[maybe_unused]] const ssize_t written = write(descriptor, bytes.data(), bytes.size());
}

}  // namespace

Outlet::~Outlet() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

Outlet::Outlet(Outlet&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Outlet& Outlet::operator=(Outlet&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

MachineWatchdog::MachineWatchdog(const std::string& path) : outlet_(open_outlet("--watchdog", path, O_WRONLY)) {}

void MachineWatchdog::pet() noexcept {
  if (outlet_.get() >= 0) {
    put(outlet_.get(), std::array{'p'});
  }
}

void MachineWatchdog::disarm() noexcept {
  if (outlet_.get() >= 0) {
    put(outlet_.get(), std::array{'V'});
  }
}

SafetyRelay::SafetyRelay(const std::string& path) : outlet_(open_outlet("--relay", path, O_RDWR | O_NOCTTY)) {
  termios line{};
  if (tcgetattr(outlet_.get(), &line) != 0) {
    throw std::runtime_error("--relay " + path + " is no serial line: " + std::strerror(errno) +
                             "; give one, e.g. /dev/ttyUSB0");
  }
  cfmakeraw(&line);
  line.c_cflag |= CLOCAL;
  line.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS);
  if (cfsetspeed(&line, B115200) != 0 || tcsetattr(outlet_.get(), TCSANOW, &line) != 0) {
    throw std::runtime_error("--relay " + path + " cannot be set to 115200 8N1: " + std::strerror(errno) +
                             "; give another serial line");
  }
}

void SafetyRelay::pet() noexcept {
  if (outlet_.get() >= 0) {
    put(outlet_.get(), relay_frame(number_++));
  }
}

}  // namespace dynamical::rt
