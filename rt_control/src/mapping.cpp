#include "rt_control/mapping.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace dynamical::rt {
namespace {

constexpr std::uint64_t kLatestSlots = 8;
constexpr std::uint64_t kFrameSlots = 4;
constexpr std::uint64_t kRequestSlots = 64;
constexpr std::uint64_t kEventSlots = 1024;
constexpr std::uint64_t kLargestPayload = std::uint64_t{1} << 28U;

constexpr const char* kMend = "end the run, then clean its directory with `dynamical rt clean ROBOT`";

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }

std::uint64_t slot_bytes(const ChannelShape& shape) {
  return round_up(sizeof(SlotHeader) + round_up(shape.payload_bytes, 8), kCacheLine);
}

std::uint64_t file_bytes(const ChannelShape& shape) { return sizeof(ChannelHeader) + shape.slots * slot_bytes(shape); }

std::string reason() { return std::strerror(errno); }

std::string hex(std::uint64_t value) {
  std::array<char, 19> text{};
  std::snprintf(text.data(), text.size(), "0x%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) {
      close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }
  int take() { return std::exchange(value_, -1); }

 private:
  int value_;
};

void expect(const std::string& path, const char* what, std::uint64_t found, std::uint64_t expected,
            const char* mend = kMend) {
  if (found != expected) {
    throw ChannelFault("channel " + path + ": " + what + " is " + hex(found) + ", expected " + hex(expected) + "; " +
                       mend);
  }
}

}  // namespace

const char* name_of(ChannelKind kind) noexcept {
  switch (kind) {
    case ChannelKind::state:
      return "state";
    case ChannelKind::statistics:
      return "statistics";
    case ChannelKind::command:
      return "command";
    case ChannelKind::constraints:
      return "constraints";
    case ChannelKind::heartbeat:
      return "heartbeat";
    case ChannelKind::drive_command:
      return "drive.command";
    case ChannelKind::drive_state:
      return "drive.state";
    case ChannelKind::requests:
      return "requests";
    case ChannelKind::events:
      return "events";
    case ChannelKind::frame:
      return "frame";
    case ChannelKind::bytes:
      return "bytes";
    case ChannelKind::none:
      break;
  }
  return "unknown";
}

ChannelShape shape_of(ChannelKind kind, std::uint64_t payload_bytes) noexcept {
  switch (kind) {
    case ChannelKind::state:
      return {kind, kLatestSlots, sizeof(State)};
    case ChannelKind::statistics:
      return {kind, kLatestSlots, sizeof(Statistics)};
    case ChannelKind::command:
      return {kind, kLatestSlots, sizeof(Command)};
    case ChannelKind::constraints:
      return {kind, kLatestSlots, sizeof(Constraints)};
    case ChannelKind::heartbeat:
      return {kind, kLatestSlots, sizeof(Heartbeat)};
    case ChannelKind::drive_command:
      return {kind, kLatestSlots, sizeof(DriveCommand)};
    case ChannelKind::drive_state:
      return {kind, kLatestSlots, sizeof(DriveState)};
    case ChannelKind::requests:
      return {kind, kRequestSlots, sizeof(Request)};
    case ChannelKind::events:
      return {kind, kEventSlots, sizeof(Event)};
    case ChannelKind::frame:
    case ChannelKind::bytes:
    case ChannelKind::none:
      break;
  }
  return {kind, kFrameSlots, payload_bytes};
}

void Mapping::create(const std::string& path, const ChannelShape& shape) {
  if (shape.payload_bytes == 0 || shape.payload_bytes > kLargestPayload) {
    throw ChannelFault("channel " + path + ": payload of " + std::to_string(shape.payload_bytes) +
                       " bytes, allowed are 1 to " + std::to_string(kLargestPayload) + "; give a size in that range");
  }
  const Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file.get() < 0) {
    throw ChannelFault("channel " + path + " cannot be created: " + reason() + "; " + kMend);
  }
  // Reserved now: on a full tmpfs a later write to a hole would be a SIGBUS in the middle of the loop.
  const int error = posix_fallocate(file.get(), 0, static_cast<off_t>(file_bytes(shape)));
  if (error != 0) {
    unlink(path.c_str());
    throw ChannelFault("channel " + path + ": no room for " + std::to_string(file_bytes(shape)) +
                       " bytes: " + std::strerror(error) + "; free some of the memory file system");
  }
  ChannelHeader header{};
  header.magic = kChannelMagic;
  header.layout_version = kLayoutVersion;
  header.kind = shape.kind;
  header.layout_hash = kLayoutHash;
  header.slots = shape.slots;
  header.slot_bytes = slot_bytes(shape);
  header.payload_bytes = shape.payload_bytes;
  header.file_bytes = file_bytes(shape);
  if (pwrite(file.get(), &header, sizeof(header), 0) != static_cast<ssize_t>(sizeof(header))) {
    unlink(path.c_str());
    throw ChannelFault("channel " + path + " cannot be written: " + reason() + "; check the memory file system");
  }
}

Mapping::Mapping(const std::string& path, ChannelKind kind, Access access) {
  const bool writable = access == Access::read_write;
  Descriptor file(open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC));
  if (file.get() < 0) {
    throw ChannelFault("channel " + path + " cannot be opened: " + reason() + "; start the robot first");
  }
  struct stat status{};
  ChannelHeader found{};
  if (fstat(file.get(), &status) != 0 ||
      pread(file.get(), &found, sizeof(found), 0) != static_cast<ssize_t>(sizeof(found))) {
    throw ChannelFault("channel " + path + ": " + std::to_string(status.st_size) + " bytes, too short for a header; " +
                       kMend);
  }
  const char* rebuild = "both sides must be of one build: install again, then clean with `dynamical rt clean ROBOT`";
  expect(path, "magic number", found.magic, kChannelMagic);
  expect(path, "layout version", found.layout_version, kLayoutVersion, rebuild);
  expect(path, "layout hash", found.layout_hash, kLayoutHash, rebuild);
  expect(path, "kind of channel", static_cast<std::uint64_t>(found.kind), static_cast<std::uint64_t>(kind),
         "open it as what it is");
  const ChannelShape shape = shape_of(kind, found.payload_bytes);
  if (shape.payload_bytes == 0 || shape.payload_bytes > kLargestPayload) {
    throw ChannelFault("channel " + path + ": payload size is " + std::to_string(shape.payload_bytes) +
                       ", allowed are 1 to " + std::to_string(kLargestPayload) + "; " + kMend);
  }
  expect(path, "number of slots", found.slots, shape.slots);
  expect(path, "payload size", found.payload_bytes, shape.payload_bytes);
  expect(path, "slot size", found.slot_bytes, slot_bytes(shape));
  expect(path, "file size in its header", found.file_bytes, file_bytes(shape));
  expect(path, "file size", static_cast<std::uint64_t>(status.st_size), file_bytes(shape));

  size_ = file_bytes(shape);
  void* address =
      mmap(nullptr, size_, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED | MAP_POPULATE, file.get(), 0);
  if (address == MAP_FAILED) {
    throw ChannelFault("channel " + path + " cannot be mapped: " + reason() + "; free some memory");
  }
  data_ = static_cast<std::byte*>(address);
  slots_ = shape.slots;
  slot_bytes_ = slot_bytes(shape);
  payload_bytes_ = shape.payload_bytes;
  descriptor_ = file.take();
}

Mapping::~Mapping() { release(); }

Mapping::Mapping(Mapping&& other) noexcept { *this = std::move(other); }

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    slots_ = other.slots_;
    slot_bytes_ = other.slot_bytes_;
    payload_bytes_ = other.payload_bytes_;
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void Mapping::release() noexcept {
  if (data_ != nullptr) {
    munmap(data_, size_);
    close(descriptor_);
    data_ = nullptr;
  }
}

std::byte* Mapping::slot(std::uint64_t index) const noexcept {
  return data_ + sizeof(ChannelHeader) + (index % slots_) * slot_bytes_;
}

}  // namespace dynamical::rt
