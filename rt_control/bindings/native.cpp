// The module rt_control._native: the same core that the executable runs, for Python.
#include "message.hpp"

NB_MODULE(_native, module) {
  using namespace dynamical::rt::python;
  module.doc() = "Messages, channels, kinematics and the controller of rt_control.";
  bind_enums(module);
  bind_messages(module);
  bind_channels(module);
  bind_model(module);
  bind_kinematics(module);
  bind_dynamics(module);
  bind_controller(module);
  bind_clearance(module);
  bind_capsule_distances(module);
  bind_shell(module);
}
