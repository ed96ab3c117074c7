// Runs estimator and contact observer of a seven-axis arm through motion, outliers, lost samples, contacts and samples
// that are not finite. Counts allocations and measures the time of a cycle; prints `name=count` lines, times in ns.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <vector>

#include "allocation_counter.hpp"
#include "rt_control/contact.hpp"
#include "rt_control/estimator.hpp"
#include "rt_control/kinematics.hpp"

namespace dynamical::rt {
namespace {

constexpr std::size_t kCycles = 100'000;
constexpr std::size_t kArmAxes = 7;

RobotModel make_model() {
  RobotModel model = default_model();
  model.axes = kArmAxes;
  model.arm_axes = kArmAxes;
  model.contact_gain_radps = 200;
  for (std::size_t axis = 0; axis < kArmAxes; ++axis) {
    model.lower[axis] = -3;
    model.upper[axis] = 3;
    model.velocity[axis] = 2;
    model.acceleration[axis] = 10;
    model.jerk[axis] = 1000;
    model.torque[axis] = 80;
    model.mass[axis] = 2;
    model.centre_of_mass[axis] = {0.01, 0.02, 0.1};
    model.armature[axis] = 0.1;
    model.damping[axis] = 1;
    model.position_parent[axis] = {0, 0, 0.2};
    model.axis_vector[axis] = axis % 2 == 0 ? std::array<double, 3>{0, 0, 1} : std::array<double, 3>{0, 1, 0};
  }
  model.tcp_position = {0, 0, 0.1};
  return model;
}

struct Sample {
  AxisVector position{};
  AxisVector velocity{};
  AxisVector acceleration{};
  AxisVector torque{};
};

// A swing of all axes; the torque is that of the model, so that only what is done to it below is found.
Sample sample_at(const Kinematics& kinematics, const RigidBody& body, double time_s) {
  Sample sample;
  for (std::size_t axis = 0; axis < kArmAxes; ++axis) {
    const double rate = 1.0 + 0.2 * static_cast<double>(axis);
    sample.position[axis] = std::sin(rate * time_s);
    sample.velocity[axis] = rate * std::cos(rate * time_s);
    sample.acceleration[axis] = -rate * rate * std::sin(rate * time_s);
  }
  ChainPose chain;
  kinematics.place(sample.position, chain);
  AxisVector friction;
  body.inverse_dynamics(chain, sample.velocity, sample.acceleration, sample.torque);
  body.friction_torque(sample.velocity, friction);
  for (std::size_t axis = 0; axis < kArmAxes; ++axis) {
    sample.torque[axis] += friction[axis];
  }
  return sample;
}

}  // namespace
}  // namespace dynamical::rt

int main() {
  using namespace dynamical::rt;
  using Clock = std::chrono::steady_clock;
  const RobotModel model = make_model();
  const Kinematics kinematics(model);
  const RigidBody body(model);
  Estimator estimator(model);
  ContactObserver observer(model);
  std::vector<std::int64_t> times_ns(kCycles);
  std::size_t contacts = 0;
  counting = true;
  ::operator delete(::operator new(8));  // that the guard counts at all
  const std::size_t of_the_guard = allocations;
  allocations = 0;
  for (std::size_t cycle = 0; cycle < kCycles; ++cycle) {
    Sample sample = sample_at(kinematics, body, static_cast<double>(cycle) * 1e-3);
    const std::size_t at = cycle % 2'000;
    if (at > 500 && at < 540) {
      sample.torque[2] += 60;  // pressed against something
    } else if (at == 700) {
      sample.velocity[3] = std::numeric_limits<double>::quiet_NaN();
    } else if (at > 800 && at < 815) {
      sample.position[4] += 0.5;  // long enough for the axis to begin anew
    }
    const Clock::time_point begin = Clock::now();
    estimator.predict(sample.torque, 1);
    if (at < 900 || at > 910) {  // lost
      estimator.correct(sample.position, sample.velocity, 0);
    }
    ChainPose chain;
    kinematics.place(sample.position, chain);
    const ContactFinding finding = observer.observe(chain, sample.velocity, sample.torque, sample.acceleration, 1);
    times_ns[cycle] = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
    contacts += finding.contact ? 1 : 0;
  }
  counting = false;
  std::sort(times_ns.begin(), times_ns.end());
  std::printf("cycles=%zu\nguard=%zu\nallocations=%zu\ncontacts=%zu\n", kCycles, of_the_guard, allocations, contacts);
  std::printf("outliers=%llu\nrefused=%llu\nreseeded=%llu\n",
              static_cast<unsigned long long>(estimator.counts().outliers),
              static_cast<unsigned long long>(estimator.counts().refused + observer.refused()),
              static_cast<unsigned long long>(estimator.counts().reseeded));
  std::printf("median_ns=%lld\np99_ns=%lld\n", static_cast<long long>(times_ns[kCycles / 2]),
              static_cast<long long>(times_ns[kCycles * 99 / 100]));
  return allocations == 0 ? 0 : 1;
}
