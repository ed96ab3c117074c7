// Numpy arrays to vectors of axes and back.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "message.hpp"
#include "rt_control/model.hpp"

namespace dynamical::rt::python {

// At least `arm_axes` numbers; zeros behind them.
inline AxisVector axes_of(std::size_t arm_axes, nb::handle value, const char* what = "axis positions") {
  const nb::object array = nb::module_::import_("numpy").attr("ascontiguousarray")(value, "float64");
  const auto numbers = nb::cast<nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>>(array);
  if (numbers.shape(0) < arm_axes || numbers.shape(0) > kMaxAxes) {
    throw nb::value_error((std::to_string(numbers.shape(0)) + " " + what + ", expected at least the " +
                           std::to_string(arm_axes) + " of the arm")
                              .c_str());
  }
  AxisVector result{};
  std::copy_n(numbers.data(), numbers.shape(0), result.begin());
  return result;
}

// A new numpy array filled with zeros.
template <typename Value = double>
Value* new_array(std::initializer_list<std::size_t> shape, nb::object& array) {
  std::size_t size = 1;
  for (const std::size_t side : shape) {
    size *= side;
  }
  auto* data = new Value[size]();
  const nb::capsule owner(data, [](void* pointer) noexcept { delete[] static_cast<Value*>(pointer); });
  array = nb::cast(nb::ndarray<nb::numpy, Value>(data, shape, owner));
  return data;
}

// The first entries, as a new array.
inline nb::object array_of(const AxisVector& value, std::size_t count) {
  nb::object result;
  std::copy_n(value.begin(), count, new_array({count}, result));
  return result;
}

}  // namespace dynamical::rt::python
