#include "message.hpp"
#include "rt_control/crc32c.hpp"

namespace dynamical::rt::python {
namespace {

std::span<const std::byte> span_of(const nb::bytes& bytes) {
  return {reinterpret_cast<const std::byte*>(bytes.c_str()), bytes.size()};
}

}  // namespace

void bind_messages(nb::module_& module) {
  module.attr("LAYOUT_VERSION") = kLayoutVersion;
  module.attr("LAYOUT_HASH") = kLayoutHash;
  module.attr("MAX_AXES") = kMaxAxes;
  module.attr("MAX_SETPOINTS") = kMaxSetpoints;
  module.attr("NO_PERSON_DISTANCE") = kNoPersonDistance;

  bind_struct<Command>(module, "Command", "Motion that one source asks for.");
  bind_struct<Constraints>(module, "Constraints", "What one source knows that asks for more care.");
  bind_struct<Heartbeat>(module, "Heartbeat", "A process is alive, and how it fares.");
  bind_struct<Request>(module, "Request", "An edge from agent or operator to rt_control.");
  bind_struct<Intervention>(module, "Intervention", "How a motion was scaled or overridden.");
  bind_struct<StopCause>(module, "StopCause", "Why a stop was raised.");
  bind_struct<StageTimes>(module, "StageTimes", "Where the time of one cycle went.");
  bind_struct<Lateness>(module, "Lateness", "When rt_control was late, and what took the time.");
  bind_struct<State>(module, "State", "What rt_control publishes in every cycle.");
  bind_struct<Event>(module, "Event", "Something that happened in one cycle.");
  bind_struct<DriveCommand>(module, "DriveCommand", "What the drives are told in every cycle.");
  bind_struct<DriveState>(module, "DriveState", "What the drives say in every cycle.");
  bind_struct<Statistics>(module, "Statistics", "Timing of rt_control since its start.");
  bind_struct<FrameHeader>(module, "FrameHeader", "What stands in front of the pixels of a camera image.");

  module.def(
      "crc32c", [](const nb::bytes& bytes) { return crc32c(span_of(bytes)); }, nb::arg("data"),
      "CRC-32C as the channels use it.");
  module.def(
      "crc32c_by_table", [](const nb::bytes& bytes) { return crc32c_by_table(span_of(bytes)); }, nb::arg("data"),
      "The same without the processor's instruction.");
}

}  // namespace dynamical::rt::python
