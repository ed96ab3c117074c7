// One line that changes its level in every cycle, as soon as the drives were told: what an oscilloscope looks at.
#pragma once

#include <cstdint>
#include <string>

#include "watchdogs.hpp"

namespace dynamical::rt {

class ScopeOutput {
 public:
  ScopeOutput() = default;
  // `target`: a serial line, whose DTR is used, or CHIP:LINE, e.g. /dev/gpiochip0:17. Throws std::runtime_error.
  explicit ScopeOutput(const std::string& target);

  void toggle() noexcept;
  [[nodiscard]] int descriptor() const noexcept { return outlet_.get(); }

 private:
  void open_line(const std::string& chip, std::uint32_t line);
  void open_serial(const std::string& path);
  [[nodiscard]] bool set(bool high) const noexcept;

  Outlet outlet_;
  bool gpio_ = false;
  bool high_ = false;
};

}  // namespace dynamical::rt
