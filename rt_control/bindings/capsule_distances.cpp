// Distances of many points from a few capsules: what perception asks of each image, too often for numpy.
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "axis_arrays.hpp"
#include "message.hpp"

namespace dynamical::rt::python {
namespace {

constexpr Eigen::Index kBlock = 256;  // points at a time, so that what is computed of them stays in the first cache
constexpr std::size_t kColumns = 8;   // start, end, radius, and by how much the body may exceed it
constexpr float kShortest = 1e-12F;   // squared length of an axis that is none

using Points = nb::ndarray<const float, nb::shape<3, -1>, nb::c_contig, nb::device::cpu>;
using Capsules = nb::ndarray<const double, nb::shape<-1, kColumns>, nb::c_contig, nb::device::cpu>;
using Row = Eigen::Map<const Eigen::ArrayXf>;
using Values = Eigen::Array<float, Eigen::Dynamic, 1, 0, kBlock, 1>;

// The capsule's own frame is that of its start: small numbers, for there are seven digits.
void approach(const double* capsule, const std::array<Row, 3>& at, Values& nearest, Values& margin) {
  const Eigen::Map<const Eigen::Vector3d> start(capsule);
  const Eigen::Map<const Eigen::Vector3d> end(capsule + 3);
  const Eigen::Vector3f origin = start.cast<float>();
  const Eigen::Vector3f axis = (end - start).cast<float>();
  const auto radius = static_cast<float>(capsule[6]);
  const auto beyond = static_cast<float>(capsule[7]);
  const Eigen::Vector3f per_length = axis / std::max(axis.squaredNorm(), kShortest);
  const Values x = at[0] - origin.x();
  const Values y = at[1] - origin.y();
  const Values z = at[2] - origin.z();
  const Values share =
      (x * per_length.x() + y * per_length.y() + z * per_length.z()).max(0.0F).min(1.0F);  // of the axis
  const Values distance =
      ((x - share * axis.x()).square() + (y - share * axis.y()).square() + (z - share * axis.z()).square()).sqrt() -
      radius;
  nearest = nearest.min(distance);
  margin = margin.min(distance - beyond);
}

nb::tuple capsule_distances(const Points& points, const Capsules& capsules) {
  const std::size_t count = points.shape(1);
  // A person's distance is made of this: what is not finite would be far from everything, as it compares with nothing.
  const Eigen::Map<const Eigen::ArrayXd> numbers(capsules.data(), static_cast<Eigen::Index>(capsules.size()));
  if (capsules.shape(0) == 0 || !std::isfinite(numbers.sum())) {
    throw nb::value_error("capsules: at least one, of finite numbers; mend the pose that they were made of");
  }
  nb::object distances;
  nb::object own;
  auto* distance = new_array<float>({count}, distances);
  auto* is_own = new_array<bool>({count}, own);
  const auto all = static_cast<Eigen::Index>(count);
  for (Eigen::Index begin = 0; begin < all; begin += kBlock) {
    const Eigen::Index size = std::min(kBlock, all - begin);
    const float* first = points.data() + begin;
    const std::array<Row, 3> at = {Row(first, size), Row(first + count, size), Row(first + 2 * count, size)};
    if (!std::isfinite((at[0] + at[1] + at[2]).sum())) {
      throw nb::value_error("points: not all of them are finite; leave out pixels without a return");
    }
    Values nearest = Values::Constant(size, std::numeric_limits<float>::infinity());
    Values margin = nearest;
    for (std::size_t index = 0; index < capsules.shape(0); ++index) {
      approach(capsules.data() + index * kColumns, at, nearest, margin);
    }
    Eigen::Map<Eigen::ArrayXf>(distance + begin, size) = nearest;
    Eigen::Map<Eigen::Array<bool, Eigen::Dynamic, 1>>(is_own + begin, size) = margin < 0.0F;
  }
  return nb::make_tuple(distances, own);
}

}  // namespace

void bind_capsule_distances(nb::module_& module) {
  module.def("capsule_distances", &capsule_distances, nb::arg("points"), nb::arg("capsules"),
             nb::sig("def capsule_distances(points: numpy.typing.NDArray[numpy.float32], capsules: "
                     "numpy.typing.NDArray[numpy.float64]) -> "
                     "tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.bool_]]"),
             "Distance (n,) of points (3, n) from the surfaces of capsules (k, 8): start, end, radius, and by how much "
             "the body may exceed it, m; and which points may be the body's. Refuses what is not finite.");
}

}  // namespace dynamical::rt::python
