#include "rt_control/clearance.hpp"

#include <nanobind/eigen/dense.h>
#include <nanobind/stl/vector.h>

#include "axis_arrays.hpp"
#include "message.hpp"
#include "rt_control/point_speed.hpp"
#include "rt_control/separation.hpp"

namespace dynamical::rt::python {
namespace {

using Vector = Eigen::Vector3d;

// The core takes the chain as it is placed; in Python a position says the same.
struct Standing {
  Kinematics kinematics;
  Capsules capsules;
  Clearance clearance;
  PointSpeed speed;
  std::size_t axes;

  explicit Standing(const RobotModel& model)
      : kinematics(model), capsules(model), clearance(model), speed(model), axes(model.arm_axes) {}

  void stand(nb::handle value) {
    const AxisVector position = axes_of(axes, value);
    ChainPose chain;
    Segments segments;
    kinematics.place(position, chain);
    capsules.place(chain, segments);
    clearance.stand(position, segments);
    speed.stand(chain, segments);
  }
};

}  // namespace

void bind_clearance(nb::module_& module) {
  module.def(
      "distance_between",
      [](const Vector& begin, const Vector& end, const Vector& other_begin, const Vector& other_end) {
        return distance_between({begin, end}, {other_begin, other_end});
      },
      nb::arg("begin"), nb::arg("end"), nb::arg("other_begin"), nb::arg("other_end"), "Of two segments, m.");
  module.def(
      "distance_outside",
      [](const Vector& begin, const Vector& end, const Vector& lower, const Vector& upper) {
        return distance_outside({begin, end}, lower, upper);
      },
      nb::arg("begin"), nb::arg("end"), nb::arg("lower"), nb::arg("upper"),
      "From a segment to a box, m, never more than it is; negative where it is inside.");
  module.def(
      "distance_inside",
      [](const Vector& begin, const Vector& end, const Vector& lower, const Vector& upper) {
        return distance_inside({begin, end}, lower, upper);
      },
      nb::arg("begin"), nb::arg("end"), nb::arg("lower"), nb::arg("upper"),
      "From a segment to the nearest side of the box that it is in, m; negative where an end is outside.");
  nb::class_<ClearanceFinding>(module, "ClearanceFinding", "Whether a motion is clear, and what is in its way.")
      .def_ro("is_clear", &ClearanceFinding::is_clear)
      .def_ro("constraint", &ClearanceFinding::constraint)
      .def_ro("link", &ClearanceFinding::link)
      .def_ro("distance_m", &ClearanceFinding::distance_m)
      .def_ro("needed_m", &ClearanceFinding::needed_m);
  nb::class_<Standing>(module, "Clearance", "Whether motions keep the arm clear of itself and of the zones.")
      .def(nb::init<const RobotModel&>(), nb::arg("model"))
      .def(
          "check",
          [](Standing& self, nb::handle position, const std::vector<AxisState>& next) {
            if (next.size() < self.axes || next.size() > kMaxAxes) {
              throw nb::value_error("next: a state for each arm axis is expected");
            }
            AxisStates states{};
            std::copy(next.begin(), next.end(), states.begin());
            self.stand(position);
            return self.clearance.check(states);
          },
          nb::arg("position"), nb::arg("next"),
          nb::sig("def check(self, position: numpy.typing.ArrayLike, next: collections.abc.Sequence[AxisState]) -> "
                  "ClearanceFinding"),
          "Of an arm at `position`: is the way to the next states, and the stop from them, clear?")
      .def(
          "least_m",
          [](Standing& self, nb::handle position) {
            self.stand(position);
            return self.clearance.least_m();
          },
          nb::arg("position"), nb::sig("def least_m(self, position: numpy.typing.ArrayLike) -> float"),
          "Least distance over all that is watched less what must be left, m; infinite where nothing is.")
      .def(
          "fastest_point",
          [](Standing& self, nb::handle position, nb::handle velocity) {
            self.stand(position);
            return self.speed.fastest(axes_of(self.axes, velocity, "axis velocities"));
          },
          nb::arg("position"), nb::arg("velocity"),
          nb::sig(
              "def fastest_point(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike) -> float"),
          "Speed of the fastest point of the arm, m/s.");
  nb::class_<Separation>(module, "Separation", "How far a person must be: ISO/TS 15066, 5.5.4.")
      .def(nb::init<const RobotModel&>(), nb::arg("model"))
      .def("protective_m", &Separation::protective_m, nb::arg("share"), nb::arg("reaction_s") = 0.0,
           "At a share of the full speeds, m.")
      .def("speed_scale", &Separation::speed_scale, nb::arg("distance_m"), nb::arg("reaction_s") = 0.0,
           "Largest share of the full speeds that a distance allows.");
}

}  // namespace dynamical::rt::python
