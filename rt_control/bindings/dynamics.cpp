#include <nanobind/stl/tuple.h>

#include "axis_arrays.hpp"
#include "message.hpp"
#include "rt_control/base_tilt.hpp"
#include "rt_control/contact.hpp"
#include "rt_control/estimator.hpp"
#include "rt_control/mapping.hpp"
#include "rt_control/rigid_body.hpp"

#define DYNAMICS_ARRAY "numpy.typing.NDArray[numpy.float64]"
#define DYNAMICS_LIKE "numpy.typing.ArrayLike"

namespace dynamical::rt::python {
namespace {

void check(const RobotModel& model) {
  if (const std::string fault = fault_of(model); !fault.empty()) {
    throw ChannelFault("robot model: " + fault + "; mend the robot's description");
  }
}

Eigen::Vector3d vector_of(nb::handle value) {
  const nb::object array = nb::module_::import_("numpy").attr("ascontiguousarray")(value, "float64");
  const auto numbers = nb::cast<nb::ndarray<const double, nb::shape<3>, nb::c_contig, nb::device::cpu>>(array);
  return {numbers.data()[0], numbers.data()[1], numbers.data()[2]};
}

nb::object numpy_of(const Eigen::Vector3d& value) {
  nb::object result;
  std::copy_n(value.data(), 3, new_array({3}, result));
  return result;
}

// The core takes the chain as it is placed; in Python a position says the same.
struct Dynamics {
  Kinematics kinematics;
  RigidBody body;

  [[nodiscard]] std::size_t axes() const { return body.arm_axes(); }
  [[nodiscard]] AxisVector take(nb::handle value, const char* what) const { return axes_of(axes(), value, what); }
  [[nodiscard]] ChainPose place(nb::handle position) const {
    ChainPose chain;
    kinematics.place(take(position, "axis positions"), chain);
    return chain;
  }
};

struct Contacts {
  Kinematics kinematics;
  ContactObserver observer;
  std::size_t axes;
};

void bind_rigid_body(const nb::module_& module) {
  nb::class_<Dynamics>(module, "RigidBody",
                       "Dynamics of the arm: torque = M(q) a + C(q, v) v + g(q); friction is apart. SI units.")
      .def(
          "__init__",
          [](Dynamics* self, const RobotModel& model) {
            check(model);
            new (self) Dynamics{Kinematics(model), RigidBody(model)};
          },
          nb::arg("model"))
      .def(
          "inverse_dynamics",
          [](const Dynamics& self, nb::handle position, nb::handle velocity, nb::handle acceleration) {
            AxisVector torque;
            self.body.inverse_dynamics(self.place(position), self.take(velocity, "axis velocities"),
                                       self.take(acceleration, "axis accelerations"), torque);
            return array_of(torque, self.axes());
          },
          nb::arg("position"), nb::arg("velocity"), nb::arg("acceleration"),
          nb::sig("def inverse_dynamics(self, position: " DYNAMICS_LIKE ", velocity: " DYNAMICS_LIKE
                  ", acceleration: " DYNAMICS_LIKE ") -> " DYNAMICS_ARRAY),
          "Torque of the motors for a motion, without friction.")
      .def(
          "forward_dynamics",
          [](const Dynamics& self, nb::handle position, nb::handle velocity, nb::handle torque) {
            const ChainPose chain = self.place(position);
            MassMatrix mass;
            self.body.mass_matrix(chain, mass);
            AxisVector acceleration;
            if (!self.body.forward_dynamics(chain, mass, self.take(velocity, "axis velocities"),
                                            self.take(torque, "torques"), acceleration)) {
              throw nb::value_error("the mass matrix is not positive definite");
            }
            return array_of(acceleration, self.axes());
          },
          nb::arg("position"), nb::arg("velocity"), nb::arg("torque"),
          nb::sig("def forward_dynamics(self, position: " DYNAMICS_LIKE ", velocity: " DYNAMICS_LIKE
                  ", torque: " DYNAMICS_LIKE ") -> " DYNAMICS_ARRAY),
          "Acceleration that a torque causes, without friction.")
      .def(
          "gravity_torque",
          [](const Dynamics& self, nb::handle position) {
            AxisVector torque;
            self.body.gravity_torque(self.place(position), torque);
            return array_of(torque, self.axes());
          },
          nb::arg("position"), nb::sig("def gravity_torque(self, position: " DYNAMICS_LIKE ") -> " DYNAMICS_ARRAY),
          "Torque that holds the arm against its weight.")
      .def(
          "coriolis_torque",
          [](const Dynamics& self, nb::handle position, nb::handle velocity) {
            AxisVector torque;
            self.body.coriolis_torque(self.place(position), self.take(velocity, "axis velocities"), torque);
            return array_of(torque, self.axes());
          },
          nb::arg("position"), nb::arg("velocity"),
          nb::sig("def coriolis_torque(self, position: " DYNAMICS_LIKE ", velocity: " DYNAMICS_LIKE
                  ") -> " DYNAMICS_ARRAY),
          "C v.")
      .def(
          "momentum",
          [](const Dynamics& self, nb::handle position, nb::handle velocity) {
            Momentum result;
            self.body.momentum(self.place(position), self.take(velocity, "axis velocities"), result);
            return nb::make_tuple(array_of(result.momentum, self.axes()),
                                  array_of(result.coriolis_transposed, self.axes()));
          },
          nb::arg("position"), nb::arg("velocity"),
          nb::sig("def momentum(self, position: " DYNAMICS_LIKE ", velocity: " DYNAMICS_LIKE
                  ") -> tuple[" DYNAMICS_ARRAY ", " DYNAMICS_ARRAY "]"),
          "M v, and C^T v.")
      .def(
          "mass_matrix",
          [](const Dynamics& self, nb::handle position) {
            MassMatrix mass;
            self.body.mass_matrix(self.place(position), mass);
            const std::size_t axes = self.axes();
            nb::object result;
            double* data = new_array({axes, axes}, result);
            for (std::size_t entry = 0; entry < axes * axes; ++entry) {
              data[entry] = mass(static_cast<Eigen::Index>(entry / axes), static_cast<Eigen::Index>(entry % axes));
            }
            return result;
          },
          nb::arg("position"), nb::sig("def mass_matrix(self, position: " DYNAMICS_LIKE ") -> " DYNAMICS_ARRAY),
          "M, with the armature of the motors.")
      .def(
          "friction_torque",
          [](const Dynamics& self, nb::handle velocity) {
            AxisVector torque;
            self.body.friction_torque(self.take(velocity, "axis velocities"), torque);
            return array_of(torque, self.axes());
          },
          nb::arg("velocity"), nb::sig("def friction_torque(self, velocity: " DYNAMICS_LIKE ") -> " DYNAMICS_ARRAY),
          "Torque that overcomes damping and dry friction.")
      .def(
          "torque_magnitude",
          [](const Dynamics& self, nb::handle position, nb::handle velocity, nb::handle acceleration) {
            AxisVector magnitude;
            self.body.torque_magnitude(self.place(position), self.take(velocity, "axis velocities"),
                                       self.take(acceleration, "axis accelerations"), magnitude);
            return array_of(magnitude, self.axes());
          },
          nb::arg("position"), nb::arg("velocity"), nb::arg("acceleration"),
          nb::sig("def torque_magnitude(self, position: " DYNAMICS_LIKE ", velocity: " DYNAMICS_LIKE
                  ", acceleration: " DYNAMICS_LIKE ") -> " DYNAMICS_ARRAY),
          "What each link takes of the torque, summed without sign: a model wrong by a share is wrong by that of it.")
      .def_prop_rw(
          "gravity", [](const Dynamics& self) { return numpy_of(self.body.gravity()); },
          [](Dynamics& self, nb::handle value) { self.body.set_gravity(vector_of(value)); },
          nb::for_getter(nb::sig("def gravity(self) -> " DYNAMICS_ARRAY)),
          nb::for_setter(nb::sig("def gravity(self, value: " DYNAMICS_LIKE ", /) -> None")),
          "In the base frame, m/s2.");
}

void bind_estimator(const nb::module_& module) {
  nb::class_<EstimatorCounts>(module, "EstimatorCounts", "What the estimator did not believe.")
      .def_ro("outliers", &EstimatorCounts::outliers)
      .def_ro("refused", &EstimatorCounts::refused)
      .def_ro("reseeded", &EstimatorCounts::reseeded);
  const auto vector = [](AxisVector Estimate::* member) {
    return [member](const Estimator& self) { return array_of(self.estimate().*member, kMaxAxes); };
  };
  const auto sig = [](const char* name) { return keep(std::string("def ") + name + "(self) -> " DYNAMICS_ARRAY); };
  const auto take = [](nb::handle value, const char* what) { return axes_of(0, value, what); };
  nb::class_<Estimator>(module, "Estimator", "Position, velocity and external torque from what the drives measure.")
      .def(
          "__init__",
          [](Estimator* self, const RobotModel& model) {
            check(model);
            new (self) Estimator(model);
          },
          nb::arg("model"))
      .def(
          "reset",
          [take](Estimator& self, nb::handle position, nb::handle velocity) {
            self.reset(take(position, "axis positions"), take(velocity, "axis velocities"));
          },
          nb::arg("position"), nb::arg("velocity"),
          nb::sig("def reset(self, position: " DYNAMICS_LIKE ", velocity: " DYNAMICS_LIKE ") -> None"), "Begin anew.")
      .def(
          "predict",
          [take](Estimator& self, nb::handle torque, std::uint32_t cycles) {
            if (torque.is_none()) {
              self.predict(cycles);
            } else {
              self.predict(take(torque, "torques"), cycles);
            }
          },
          nb::arg("torque").none(), nb::arg("cycles") = 1,
          nb::sig("def predict(self, torque: " DYNAMICS_LIKE " | None, cycles: int = 1) -> None"),
          "Time passes; None: the last torque holds.")
      .def(
          "correct",
          [take](Estimator& self, nb::handle position, nb::handle velocity, std::uint32_t age_cycles) {
            self.correct(take(position, "axis positions"), take(velocity, "axis velocities"), age_cycles);
          },
          nb::arg("position"), nb::arg("velocity"), nb::arg("age_cycles") = 0,
          nb::sig("def correct(self, position: " DYNAMICS_LIKE ", velocity: " DYNAMICS_LIKE
                  ", age_cycles: int = 0) -> None"),
          "A sample that was measured `age_cycles` ago.")
      .def_prop_ro("position", vector(&Estimate::position), nb::for_getter(sig("position")))
      .def_prop_ro("velocity", vector(&Estimate::velocity), nb::for_getter(sig("velocity")))
      .def_prop_ro("disturbance", vector(&Estimate::disturbance), nb::for_getter(sig("disturbance")),
                   "Acceleration that external torque causes.")
      .def_prop_ro("external_torque", vector(&Estimate::external_torque), nb::for_getter(sig("external_torque")))
      .def_prop_ro("counts", &Estimator::counts, nb::rv_policy::copy)
      .def(
          "covariance",
          [](const Estimator& self, std::size_t axis) {
            if (axis >= kMaxAxes) {
              throw nb::index_error("axis");
            }
            nb::object result;
            std::copy_n(self.covariance(axis).data(), 9, new_array({3, 3}, result));
            return result;
          },
          nb::arg("axis"), nb::sig("def covariance(self, axis: int) -> " DYNAMICS_ARRAY),
          "Of position, velocity and disturbance of an axis, 3 x 3.");
  nb::class_<BaseTilt>(module, "BaseTilt", "Direction of gravity from an inertial unit on the base.")
      .def(
          "__init__",
          [](BaseTilt* self, nb::handle gravity, double period_s) {
            new (self) BaseTilt(vector_of(gravity), period_s);
          },
          nb::arg("gravity"), nb::arg("period_s"),
          nb::sig("def __init__(self, gravity: " DYNAMICS_LIKE ", period_s: float) -> None"))
      .def(
          "observe",
          [](BaseTilt& self, nb::handle force, nb::handle rate) {
            return self.observe(vector_of(force), vector_of(rate));
          },
          nb::arg("specific_force"), nb::arg("angular_rate"),
          nb::sig("def observe(self, specific_force: " DYNAMICS_LIKE ", angular_rate: " DYNAMICS_LIKE ") -> bool"),
          "In the base frame, m/s2 and rad/s; False: not used.")
      .def_prop_ro(
          "gravity", [](const BaseTilt& self) { return numpy_of(self.gravity()); }, nb::for_getter(sig("gravity")));
}

void bind_contact(const nb::module_& module) {
  nb::class_<ContactFinding>(module, "ContactFinding", "The axis whose residual is largest beside its threshold.")
      .def_ro("contact", &ContactFinding::contact)
      .def_ro("axis", &ContactFinding::axis)
      .def_ro("residual", &ContactFinding::residual)
      .def_ro("threshold", &ContactFinding::threshold)
      .def("__repr__", [](const ContactFinding& self) {
        return "ContactFinding(contact=" + std::string(self.contact ? "True" : "False") +
               ", axis=" + std::to_string(self.axis) + ", residual=" + std::to_string(self.residual) +
               ", threshold=" + std::to_string(self.threshold) + ")";
      });
  nb::class_<Contacts>(module, "ContactObserver", "Generalised-momentum observer with its thresholds.")
      .def(
          "__init__",
          [](Contacts* self, const RobotModel& model) {
            check(model);
            new (self) Contacts{Kinematics(model), ContactObserver(model), model.arm_axes};
          },
          nb::arg("model"))
      .def(
          "reset", [](Contacts& self) { self.observer.reset(); }, "Forget all; the next cycle seeds it.")
      .def(
          "observe",
          [](Contacts& self, nb::handle position, nb::handle velocity, nb::handle torque, nb::handle acceleration,
             std::uint32_t elapsed_cycles) {
            ChainPose chain;
            self.kinematics.place(axes_of(self.axes, position), chain);
            return self.observer.observe(chain, axes_of(self.axes, velocity, "axis velocities"),
                                         axes_of(self.axes, torque, "torques"),
                                         axes_of(self.axes, acceleration, "axis accelerations"), elapsed_cycles);
          },
          nb::arg("position"), nb::arg("velocity"), nb::arg("torque"), nb::arg("acceleration_reference"),
          nb::arg("elapsed_cycles") = 1,
          nb::sig("def observe(self, position: " DYNAMICS_LIKE ", velocity: " DYNAMICS_LIKE ", torque: " DYNAMICS_LIKE
                  ", acceleration_reference: " DYNAMICS_LIKE ", elapsed_cycles: int = 1) -> ContactFinding"),
          "One cycle: position and velocity at its end, the mean torque of the motors within it.")
      .def_prop_ro(
          "residual", [](const Contacts& self) { return array_of(self.observer.residual(), kMaxAxes); },
          nb::for_getter(keep("def residual(self) -> " DYNAMICS_ARRAY)), "External torque of each axis.")
      .def_prop_ro(
          "threshold", [](const Contacts& self) { return array_of(self.observer.threshold(), kMaxAxes); },
          nb::for_getter(keep("def threshold(self) -> " DYNAMICS_ARRAY)))
      .def_prop_ro(
          "refused", [](const Contacts& self) { return self.observer.refused(); }, "Samples that were not finite.");
}

}  // namespace

void bind_dynamics(const nb::module_& module) {
  bind_rigid_body(module);
  bind_estimator(module);
  bind_contact(module);
}

}  // namespace dynamical::rt::python
