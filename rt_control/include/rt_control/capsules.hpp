// Where the capsules of the arm are.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>

#include "rt_control/kinematics.hpp"
#include "rt_control/model.hpp"

namespace dynamical::rt {

// The axis of a capsule.
struct Segment {
  Eigen::Vector3d begin = Eigen::Vector3d::Zero();
  Eigen::Vector3d end = Eigen::Vector3d::Zero();
};

using Segments = std::array<Segment, kMaxCapsules>;

class Capsules {
 public:
  explicit Capsules(const RobotModel& model) noexcept : count_(model.capsules) {
    for (std::size_t index = 0; index < count_; ++index) {
      const Capsule& capsule = model.capsule[index];
      link_[index] = capsule.link;
      own_[index] = {Eigen::Vector3d(capsule.begin.data()), Eigen::Vector3d(capsule.end.data())};
    }
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::int32_t link(std::size_t index) const noexcept { return link_[index]; }
  [[nodiscard]] const Segment& own(std::size_t index) const noexcept { return own_[index]; }  // in the link's frame

  // In the base frame.
  void place(const ChainPose& chain, Segments& segments) const noexcept {
    for (std::size_t index = 0; index < count_; ++index) {
      const Segment& own = own_[index];
      if (link_[index] == kBaseLink) {
        segments[index] = own;
      } else {
        const Pose& pose = chain.link[static_cast<std::size_t>(link_[index])];
        segments[index].begin = pose.position + pose.rotation * own.begin;
        segments[index].end = pose.position + pose.rotation * own.end;
      }
    }
  }

 private:
  std::size_t count_;
  std::array<std::int32_t, kMaxCapsules> link_{};
  Segments own_{};
};

}  // namespace dynamical::rt
