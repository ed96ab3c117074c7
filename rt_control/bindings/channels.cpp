#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <time.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "message.hpp"
#include "rt_control/channel.hpp"
#include "rt_control/queue.hpp"

namespace dynamical::rt::python {
namespace {

using Path = std::filesystem::path;

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// A reader that remembers how its last read went.
template <typename Message, ChannelKind kind>
class MessageReader {
 public:
  explicit MessageReader(const Path& path) : reader_(path) {}

  std::optional<Message> read() {
    Message message;
    ReadInfo info;
    result_ = reader_.read(message, info);
    if (result_ != ReadResult::ok) {
      return std::nullopt;
    }
    sequence_ = info.sequence;
    generation_ = info.generation;
    return message;
  }

  [[nodiscard]] ReadResult result() const { return result_; }
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  Reader<Message, kind> reader_;
  ReadResult result_ = ReadResult::empty;
  std::uint64_t sequence_ = 0;
  std::uint64_t generation_ = 0;
};

template <typename Target>
void bind_reading_state(nb::class_<Target>& target) {
  target.def_prop_ro("result", &Target::result, "How the last read went.");
  target.def_prop_ro("sequence", &Target::sequence, "Number of the last message read.");
  target.def_prop_ro("generation", &Target::generation, "Generation of the writer of the last message read.");
}

template <typename Message, ChannelKind kind>
void bind_latest(nb::module_& module, const char* name, const char* create_name) {
  using MessageWriter = Writer<Message, kind>;
  nb::class_<MessageWriter>(module, (std::string(name) + "Writer").c_str(),
                            "Attaches to the channel; every earlier writer is fenced.")
      .def(
          "__init__", [](MessageWriter* self, const Path& path) { new (self) MessageWriter(path); }, nb::arg("path"))
      .def(
          "write", [](MessageWriter& self, const Message& message) { return self.write(message, monotonic_ns()); },
          nb::arg("message"), "Publish. False: a newer writer has attached, nothing was published.")
      .def_prop_ro("generation", &MessageWriter::generation, "Of this writer.")
      .def_prop_ro("fenced", &MessageWriter::fenced, "A newer writer has attached.");

  using ThisReader = MessageReader<Message, kind>;
  auto reader = nb::class_<ThisReader>(module, (std::string(name) + "Reader").c_str(), "Reads the newest message.");
  reader.def(nb::init<const Path&>(), nb::arg("path"));
  reader.def("read", &ThisReader::read, "The newest message; None if there is none that is whole (see `result`).");
  bind_reading_state(reader);

  module.def(
      create_name, [](const Path& path) { Mapping::create(path, shape_of(kind)); }, nb::arg("path"),
      "Make the channel's file. It must not exist.");
}

class PythonEventReader {
 public:
  PythonEventReader(const Path& path, bool from_start) : reader_(path, from_start) {}

  std::pair<std::vector<Event>, std::uint64_t> read() {
    std::vector<Event> events;
    std::uint64_t lost = 0;
    Event event{};
    while (reader_.read(event, lost)) {
      events.push_back(event);
    }
    return {std::move(events), lost};
  }

 private:
  EventReader reader_;
};

using Rgb = nb::ndarray<const std::uint8_t, nb::shape<-1, -1, 3>, nb::c_contig, nb::device::cpu>;
using Depth = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

constexpr std::size_t pad(std::size_t size) { return (size + 7) / 8 * 8; }

std::size_t frame_bytes(std::size_t width, std::size_t height, bool has_depth) {
  return sizeof(FrameHeader) + pad(width * height * 3) + (has_depth ? width * height * sizeof(float) : 0);
}

class FrameWriter {
 public:
  explicit FrameWriter(const Path& path) : writer_(path, ChannelKind::frame) {}

  bool write(FrameHeader header, const Rgb& rgb, const std::optional<Depth>& depth) {
    header.height = static_cast<std::uint32_t>(rgb.shape(0));
    header.width = static_cast<std::uint32_t>(rgb.shape(1));
    header.has_depth = depth.has_value() ? 1U : 0U;
    if (depth && (depth->shape(0) != rgb.shape(0) || depth->shape(1) != rgb.shape(1))) {
      throw nb::value_error("depth and rgb must have the same height and width");
    }
    const std::size_t size = frame_bytes(header.width, header.height, depth.has_value());
    if (size > writer_.payload_bytes()) {
      throw nb::value_error(("frame of " + std::to_string(header.width) + " x " + std::to_string(header.height) +
                             " needs " + std::to_string(size) + " bytes, the channel was made for " +
                             std::to_string(writer_.payload_bytes()))
                                .c_str());
    }
    std::array<Bytes, 3> parts{bytes_of(header), Bytes(reinterpret_cast<const std::byte*>(rgb.data()), rgb.nbytes()),
                               Bytes{}};
    if (depth) {
      parts[2] = Bytes(reinterpret_cast<const std::byte*>(depth->data()), depth->nbytes());
    }
    const nb::gil_scoped_release unlocked;
    return writer_.write(std::span(parts).first(depth ? 3 : 2), monotonic_ns());
  }

  [[nodiscard]] std::uint64_t generation() const { return writer_.generation(); }
  [[nodiscard]] bool fenced() const { return writer_.fenced(); }

 private:
  LatestWriter writer_;
};

using Payload = std::vector<std::uint64_t>;  // eight-byte words, so that every view in it is aligned

std::span<std::byte> bytes_in(Payload& payload) { return std::as_writable_bytes(std::span(payload)); }

class FrameReader {
 public:
  explicit FrameReader(const Path& path) : reader_(path, ChannelKind::frame) {}

  nb::object read(std::uint64_t after_number) {
    const std::uint64_t word = reader_.newest_word();
    if (result_ == ReadResult::ok && word == seen_word_ && seen_number_ <= after_number) {
      return nb::none();
    }
    auto payload = std::make_unique<Payload>(pad(reader_.payload_bytes()) / 8);
    FrameHeader header{};
    {
      const nb::gil_scoped_release unlocked;
      ReadInfo info;
      result_ = reader_.read(bytes_in(*payload), info);
      if (result_ == ReadResult::ok) {
        std::memcpy(&header, payload->data(), sizeof(header));
        result_ = check(header, info.size);
        sequence_ = info.sequence;
        generation_ = info.generation;
      }
    }
    if (result_ != ReadResult::ok) {
      return nb::none();
    }
    seen_word_ = word;
    seen_number_ = header.number;
    if (header.number <= after_number) {
      return nb::none();
    }
    return split(header, std::move(payload));
  }

  [[nodiscard]] ReadResult result() const { return result_; }
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  // The checksum says that the bytes are those written, not that they make sense.
  static ReadResult check(const FrameHeader& header, std::size_t size) {
    constexpr std::uint32_t kLargestSide = 1U << 14U;
    const bool sane = header.width <= kLargestSide && header.height <= kLargestSide && header.has_depth <= 1 &&
                      size >= sizeof(FrameHeader) &&
                      pad(size) == pad(frame_bytes(header.width, header.height, header.has_depth == 1));
    return sane ? ReadResult::ok : ReadResult::malformed;
  }

  static nb::object split(const FrameHeader& header, std::unique_ptr<Payload> payload) {
    std::byte* pixels = bytes_in(*payload).data() + sizeof(FrameHeader);
    const nb::capsule owner(payload.release(), [](void* pointer) noexcept { delete static_cast<Payload*>(pointer); });
    const std::size_t height = header.height;
    const std::size_t width = header.width;
    nb::object rgb = nb::cast(
        nb::ndarray<nb::numpy, std::uint8_t>(reinterpret_cast<std::uint8_t*>(pixels), {height, width, 3}, owner));
    nb::object depth = nb::none();
    if (header.has_depth == 1) {
      auto* metres = reinterpret_cast<float*>(pixels + pad(height * width * 3));
      depth = nb::cast(nb::ndarray<nb::numpy, float>(metres, {height, width}, owner));
    }
    return nb::make_tuple(header, rgb, depth);
  }

  LatestReader reader_;
  std::uint64_t seen_word_ = 0;
  std::uint64_t seen_number_ = 0;
  ReadResult result_ = ReadResult::empty;
  std::uint64_t sequence_ = 0;
  std::uint64_t generation_ = 0;
};

class BytesReader {
 public:
  explicit BytesReader(const Path& path)
      : reader_(path, ChannelKind::bytes), payload_(pad(reader_.payload_bytes()) / 8) {}

  std::optional<nb::bytes> read() {
    ReadInfo info;
    result_ = reader_.read(bytes_in(payload_), info);
    if (result_ != ReadResult::ok) {
      return std::nullopt;
    }
    sequence_ = info.sequence;
    generation_ = info.generation;
    return nb::bytes(payload_.data(), info.size);
  }

  [[nodiscard]] ReadResult result() const { return result_; }
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  LatestReader reader_;
  Payload payload_;
  ReadResult result_ = ReadResult::empty;
  std::uint64_t sequence_ = 0;
  std::uint64_t generation_ = 0;
};

void bind_queues(nb::module_& module) {
  nb::class_<RequestQueue>(module, "RequestQueue", "Bounded queue of requests to rt_control.")
      .def(
          "__init__", [](RequestQueue* self, const Path& path) { new (self) RequestQueue(path); }, nb::arg("path"))
      .def("push", &RequestQueue::push, nb::arg("request"), nb::call_guard<nb::gil_scoped_release>(),
           "Append. False: full (counted in `dropped`), or another process held the lock for 100 ms.")
      .def(
          "pop",
          [](RequestQueue& self) -> std::optional<Request> {
            Request request{};
            RequestQueue::Popped popped = RequestQueue::Popped::corrupt;
            while (popped == RequestQueue::Popped::corrupt) {
              popped = self.pop(request);
            }
            return popped == RequestQueue::Popped::request ? std::optional(request) : std::nullopt;
          },
          "Take the oldest request, None if there is none. For rt_control, and tests that stand in for it.")
      .def_prop_ro("dropped", &RequestQueue::dropped, "Requests that were not taken because the queue was full.");
  module.def(
      "create_requests", [](const Path& path) { Mapping::create(path, shape_of(ChannelKind::requests)); },
      nb::arg("path"), "Make the queue's file. It must not exist.");

  nb::class_<EventWriter>(module, "EventWriter", "Writes events; for rt_control, and tests that stand in for it.")
      .def(
          "__init__", [](EventWriter* self, const Path& path) { new (self) EventWriter(path); }, nb::arg("path"))
      .def(
          "push", [](EventWriter& self, const Event& event) { return self.push(event, monotonic_ns()); },
          nb::arg("event"), "Append. False: a newer writer has attached.");
  nb::class_<PythonEventReader>(module, "EventReader", "A cursor of its own in the events of rt_control.")
      .def(nb::init<const Path&, bool>(), nb::arg("path"), nb::arg("from_start") = false)
      .def("read", &PythonEventReader::read,
           "Events since the last read, and how many were overwritten before they could be read.");
  module.def(
      "create_events", [](const Path& path) { Mapping::create(path, shape_of(ChannelKind::events)); }, nb::arg("path"),
      "Make the ring's file. It must not exist.");
}

void bind_frames(nb::module_& module) {
  nb::class_<FrameWriter>(module, "FrameWriter", "Attaches to a camera's ring; every earlier writer is fenced.")
      .def(
          "__init__", [](FrameWriter* self, const Path& path) { new (self) FrameWriter(path); }, nb::arg("path"))
      .def("write", &FrameWriter::write, nb::arg("header"), nb::arg("rgb"), nb::arg("depth").none() = nb::none(),
           nb::sig("def write(self, header: FrameHeader, rgb: numpy.typing.NDArray[numpy.uint8], "
                   "depth: numpy.typing.NDArray[numpy.float32] | None = None) -> bool"),
           "Publish; width, height and has_depth of the header are set from the images. False: fenced.")
      .def_prop_ro("generation", &FrameWriter::generation, "Of this writer.")
      .def_prop_ro("fenced", &FrameWriter::fenced, "A newer writer has attached.");
  auto reader = nb::class_<FrameReader>(module, "FrameReader", "Reads the newest image of a camera.");
  reader.def(nb::init<const Path&>(), nb::arg("path"));
  reader.def("read", &FrameReader::read, nb::arg("after_number") = 0,
             nb::sig("def read(self, after_number: int = 0) -> tuple[FrameHeader, numpy.typing.NDArray[numpy.uint8], "
                     "numpy.typing.NDArray[numpy.float32] | None] | None"),
             "The newest image if its number exceeds `after_number`, in memory of its own; otherwise None.");
  bind_reading_state(reader);
  module.def(
      "create_frame",
      [](const Path& path, std::size_t width, std::size_t height, bool has_depth) {
        Mapping::create(path, shape_of(ChannelKind::frame, frame_bytes(width, height, has_depth)));
      },
      nb::arg("path"), nb::arg("width"), nb::arg("height"), nb::arg("has_depth"),
      "Make a camera's ring for images of at most this size. It must not exist.");

  nb::class_<LatestWriter>(module, "BytesWriter", "Attaches to a channel of bytes; every earlier writer is fenced.")
      .def(
          "__init__", [](LatestWriter* self, const Path& path) { new (self) LatestWriter(path, ChannelKind::bytes); },
          nb::arg("path"))
      .def(
          "write",
          [](LatestWriter& self, const nb::bytes& data) {
            if (data.size() > self.payload_bytes()) {
              throw nb::value_error((std::to_string(data.size()) + " bytes, the channel holds at most " +
                                     std::to_string(self.payload_bytes()))
                                        .c_str());
            }
            const Bytes part(reinterpret_cast<const std::byte*>(data.c_str()), data.size());
            return self.write({&part, 1}, monotonic_ns());
          },
          nb::arg("data"), "Publish. False: a newer writer has attached, nothing was published.")
      .def_prop_ro("generation", &LatestWriter::generation, "Of this writer.")
      .def_prop_ro("fenced", &LatestWriter::fenced, "A newer writer has attached.");
  auto bytes_reader = nb::class_<BytesReader>(module, "BytesReader", "Reads the newest bytes.");
  bytes_reader.def(nb::init<const Path&>(), nb::arg("path"));
  bytes_reader.def("read", &BytesReader::read, "The newest bytes; None if there are none that are whole.");
  bind_reading_state(bytes_reader);
  module.def(
      "create_bytes",
      [](const Path& path, std::size_t capacity) { Mapping::create(path, shape_of(ChannelKind::bytes, capacity)); },
      nb::arg("path"), nb::arg("capacity"), "Make a channel for at most `capacity` bytes. It must not exist.");
}

}  // namespace

void bind_channels(nb::module_& module) {
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const ChannelFault& fault) {
      PyErr_SetString(nb::module_::import_("rt_control.errors").attr("ChannelError").ptr(), fault.what());
    }
  });
  bind_latest<State, ChannelKind::state>(module, "State", "create_state");
  bind_latest<Statistics, ChannelKind::statistics>(module, "Statistics", "create_statistics");
  bind_latest<Command, ChannelKind::command>(module, "Command", "create_command");
  bind_latest<Constraints, ChannelKind::constraints>(module, "Constraints", "create_constraints");
  bind_latest<Heartbeat, ChannelKind::heartbeat>(module, "Heartbeat", "create_heartbeat");
  bind_latest<DriveCommand, ChannelKind::drive_command>(module, "DriveCommand", "create_drive_command");
  bind_latest<DriveState, ChannelKind::drive_state>(module, "DriveState", "create_drive_state");
  bind_queues(module);
  bind_frames(module);
}

}  // namespace dynamical::rt::python
