#include "rt_control/kinematics.hpp"

#include <vector>

#include "axis_arrays.hpp"
#include "message.hpp"
#include "rt_control/mapping.hpp"

namespace dynamical::rt::python {
namespace {

void store(const Pose& pose, double* target) {
  for (Eigen::Index row = 0; row < 3; ++row) {
    for (Eigen::Index column = 0; column < 3; ++column) {
      target[row * 4 + column] = pose.rotation(row, column);
    }
    target[row * 4 + 3] = pose.position(row);
  }
  target[15] = 1.0;
}

ChainPose place(const Kinematics& self, nb::handle position) {
  ChainPose chain;
  self.place(axes_of(self.arm_axes(), position), chain);
  return chain;
}

}  // namespace

void bind_kinematics(const nb::module_& module) {
  nb::class_<Kinematics>(module, "Kinematics", "Forward kinematics and Jacobian of the arm.")
      .def(
          "__init__",
          [](Kinematics* self, const RobotModel& model) {
            if (const std::string fault = fault_of(model); !fault.empty()) {
              throw ChannelFault("robot model: " + fault + "; mend the robot's description");
            }
            new (self) Kinematics(model);
          },
          nb::arg("model"))
      .def_prop_ro("arm_axes", &Kinematics::arm_axes, "Axes of the chain from base to TCP.")
      .def(
          "forward",
          [](const Kinematics& self, nb::handle position) {
            nb::object result;
            store(place(self, position).tcp, new_array({4, 4}, result));
            return result;
          },
          nb::arg("position"),
          nb::sig("def forward(self, position: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]"),
          "base_from_tcp, 4 x 4. More positions than the arm has axes are ignored.")
      .def(
          "link_poses",
          [](const Kinematics& self, nb::handle position) {
            const ChainPose chain = place(self, position);
            nb::object result;
            double* data = new_array({self.arm_axes() + 1, 4, 4}, result);
            for (std::size_t axis = 0; axis < self.arm_axes(); ++axis) {
              store(chain.link[axis], data + axis * 16);
            }
            store(chain.tcp, data + self.arm_axes() * 16);
            return result;
          },
          nb::arg("position"),
          nb::sig("def link_poses(self, position: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]"),
          "base_from_link of each arm axis after its motion, then base_from_tcp: (arm_axes + 1, 4, 4).")
      .def(
          "jacobian",
          [](const Kinematics& self, nb::handle position) {
            Jacobian jacobian;
            self.jacobian(place(self, position), jacobian);
            nb::object result;
            double* data = new_array({6, self.arm_axes()}, result);
            Eigen::Map<Eigen::Matrix<double, 6, Eigen::Dynamic, Eigen::RowMajor>>(data, 6, jacobian.cols()) = jacobian;
            return result;
          },
          nb::arg("position"),
          nb::sig("def jacobian(self, position: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]"),
          "6 x arm_axes: linear, then angular velocity of the TCP in the base frame.");
}

}  // namespace dynamical::rt::python
