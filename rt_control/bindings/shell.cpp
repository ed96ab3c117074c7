// What surrounds the core: the black box's reader, proven health, the stage that took the time.
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <filesystem>
#include <tuple>
#include <vector>

#include "message.hpp"
#include "rt_control/black_box.hpp"
#include "rt_control/health.hpp"
#include "rt_control/stages.hpp"

namespace dynamical::rt::python {
namespace {

using FieldText = std::tuple<std::string, std::string, std::size_t>;

template <typename Type>
std::string format_of() {
  const char kind = std::is_floating_point_v<Type> ? 'f' : std::is_signed_v<Type> ? 'i' : 'u';
  return std::string("<") + kind + std::to_string(sizeof(Type));
}

// Name, format as numpy knows it, offset; a cause's fields carry its name in front.
template <typename Message>
void list_fields(std::vector<FieldText>& into, const std::string& prefix, std::size_t begin) {
  std::apply(
      [&]<typename... Member>(const Field<Message, Member>&... item) {
        const auto add = [&]<typename Type>(const Field<Message, Type>& one) {
          if constexpr (std::is_same_v<Type, BlackBoxCause>) {
            list_fields<BlackBoxCause>(into, prefix + one.name + "_", begin + one.offset);
          } else if constexpr (std::is_same_v<Type, ShortVector>) {
            into.emplace_back(prefix + one.name, std::to_string(kMaxAxes) + format_of<float>(), begin + one.offset);
          } else {
            into.emplace_back(prefix + one.name, format_of<Type>(), begin + one.offset);
          }
        };
        (add(item), ...);
      },
      Fields<Message>::list);
}

}  // namespace

void bind_shell(nb::module_& module) {
  module.def(
      "black_box_fields",
      [] {
        std::vector<FieldText> fields;
        list_fields<BlackBoxRecord>(fields, "", 0);
        return fields;
      },
      "Name, format and offset of each field of a record of the black box.");
  module.attr("BLACK_BOX_RECORD_BYTES") = sizeof(BlackBoxRecord);
  module.attr("BLACK_BOX_RECORDS") = kBlackBoxRecords;
  module.def(
      "read_black_box",
      [](const std::filesystem::path& path) {
        const BlackBoxContent content = read_black_box(path.string());
        return std::make_pair(nb::bytes(content.records.data(), content.records.size() * sizeof(BlackBoxRecord)),
                              content.torn);
      },
      nb::arg("path"), "The whole records, oldest first, and how many are torn.");
  nb::class_<BlackBox>(module, "BlackBoxWriter", "Writes the black box as rt_control does.")
      .def(
          "__init__", [](BlackBox* self, const std::filesystem::path& path) { new (self) BlackBox(path.string()); },
          nb::arg("path"))
      .def(
          "write",
          [](BlackBox& self, const State& state, const DriveCommand& command, const StageTimes& times,
             std::int32_t forbidden_call) {
            Inputs inputs;
            inputs.now_ns = state.stamp_ns;
            inputs.forbidden_call = forbidden_call;
            Outputs outputs{};
            outputs.state = state;
            outputs.drive_command = command;
            self.write(record_of(inputs, outputs, times));
          },
          nb::arg("state"), nb::arg("drive_command"), nb::arg("times"), nb::arg("forbidden_call") = -1);
  module.def("longest_stage", longest_of, nb::arg("times"), "The stage that took longest.");
  nb::class_<Health>(module, "Health", "Whether the loop is proven healthy.")
      .def(nb::init<>())
      .def(
          "update",
          [](Health& self, bool in_time, bool drives_written, bool state_written, std::uint32_t drive_age,
             std::uint32_t drive_age_limit, Fault first_cause) {
            return self.update({in_time, drives_written, state_written, drive_age, drive_age_limit, first_cause});
          },
          nb::kw_only(), nb::arg("in_time") = true, nb::arg("drives_written") = true, nb::arg("state_written") = true,
          nb::arg("drive_age") = 0, nb::arg("drive_age_limit") = 5, nb::arg("first_cause") = Fault::none,
          "Take one cycle; true if health is proven with it.")
      .def_ro_static("PROVEN_CYCLES", &Health::kProvenCycles);
}

}  // namespace dynamical::rt::python
