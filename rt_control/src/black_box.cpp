#include "rt_control/black_box.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "rt_control/crc32c.hpp"
#include "rt_control/mapping.hpp"

namespace dynamical::rt {
namespace {

constexpr std::uint64_t kHash = black_box_hash();
constexpr std::size_t kFileBytes = kBlackBoxFirstRecord + kBlackBoxRecords * sizeof(BlackBoxRecord);

class File {
 public:
  File(const std::string& path, int flags) : descriptor_(open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}
  ~File() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw ChannelFault("black box " + path + ": " + why);
}

BlackBoxHeader expected_header() { return {kBlackBoxMagic, kHash, kBlackBoxRecords, sizeof(BlackBoxRecord)}; }

void check(const std::string& path, int descriptor) {
  BlackBoxHeader header{};
  struct stat status{};
  const BlackBoxHeader expected = expected_header();
  if (fstat(descriptor, &status) != 0 || static_cast<std::size_t>(status.st_size) != kFileBytes) {
    refuse(path, std::to_string(status.st_size) + " bytes, expected " + std::to_string(kFileBytes) +
                     "; it is no black box, or that of another build");
  }
  if (pread(descriptor, &header, sizeof(header), 0) != static_cast<ssize_t>(sizeof(header)) ||
      header.magic != expected.magic) {
    refuse(path, "it does not begin as a black box does; name another file");
  }
  if (header.layout_hash != expected.layout_hash || header.records != expected.records ||
      header.record_bytes != expected.record_bytes) {
    refuse(path, "it was written by another build; read it with the build that wrote it");
  }
}

std::uint32_t checksum(BlackBoxRecord record) noexcept {
  record.crc = 0;
  return crc32c(std::as_bytes(std::span<const BlackBoxRecord, 1>(&record, 1)));
}

bool is_whole(const BlackBoxRecord& record) noexcept { return record.sequence != 0 && record.crc == checksum(record); }

bool is_unused(const BlackBoxRecord& record) noexcept {
  const auto bytes = std::as_bytes(std::span<const BlackBoxRecord, 1>(&record, 1));
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

std::uint32_t short_of(std::int64_t duration_ns) noexcept {
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(duration_ns, 0, most));
}

template <typename Enum>
std::uint8_t byte_of(Enum value) noexcept {
  return static_cast<std::uint8_t>(value);
}

ShortVector short_of(const AxisVector& values) noexcept {
  ShortVector result;
  std::transform(values.begin(), values.end(), result.begin(), [](double value) { return static_cast<float>(value); });
  return result;
}

BlackBoxCause short_of(const StopCause& cause) noexcept {
  return {byte_of(cause.fault),
          byte_of(cause.stop),
          static_cast<std::int8_t>(cause.axis),
          byte_of(cause.source),
          0,
          cause.cycle,
          cause.value,
          cause.limit};
}

}  // namespace

BlackBoxRecord record_of(const Inputs& inputs, const Outputs& outputs, const StageTimes& times) noexcept {
  const State& state = outputs.state;
  BlackBoxRecord record{};
  record.generation = state.generation;
  record.cycle = state.cycle;
  record.due_ns = inputs.now_ns;
  record.wake_up_ns = short_of(times.wake_up_ns);
  record.read_ns = short_of(times.read_ns);
  record.decide_ns = short_of(times.decide_ns);
  record.write_drives_ns = short_of(times.write_drives_ns);
  record.write_state_ns = short_of(times.write_state_ns);
  record.forbidden_call = inputs.forbidden_call;
  record.execution = byte_of(state.execution);
  record.stop = byte_of(state.stop);
  record.latched = byte_of(state.latched);
  record.authority = byte_of(state.authority);
  record.axes = byte_of(state.axes);
  record.refusal = byte_of(state.refusal);
  record.refused_source = byte_of(state.refused_source);
  record.constraint = byte_of(state.intervention.constraint);
  record.skill = state.skill;
  record.intervention_axis = state.intervention.axis;
  record.epoch = state.epoch;
  record.command_id = state.command_id;
  record.first_cause = short_of(state.first_cause);
  record.last_cause = short_of(state.last_cause);
  record.refused = state.refused;
  record.interventions = state.interventions;
  record.margin = state.intervention.margin;
  record.requested = state.intervention.requested;
  record.admitted = state.intervention.admitted;
  record.drive_status = state.drive_status;
  record.drive_enable = outputs.drive_command.enable;
  record.realtime = state.realtime;
  record.stale_constraints = state.stale_constraints;
  record.person_distance_m = static_cast<float>(state.person_distance_m);
  record.speed_scale = static_cast<float>(state.speed_scale);
  record.margin_scale = static_cast<float>(state.margin_scale);
  record.tcp_speed_mps = static_cast<float>(state.tcp_speed_mps);
  record.deadline_misses = state.deadline_misses;
  record.skipped_cycles = state.skipped_cycles;
  record.late_stage = static_cast<std::uint32_t>(state.lateness.stage);
  record.late_cycle = state.lateness.cycle;
  record.position_reference = short_of(state.position_reference);
  record.position = short_of(state.position);
  record.velocity = short_of(state.velocity);
  record.torque = short_of(state.torque);
  return record;
}

BlackBox::BlackBox(const std::string& path) {
  const File file(path, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (file.get() < 0) {
    refuse(path, std::string("cannot be opened: ") + std::strerror(errno) + "; start the robot with `dynamical run`");
  }
  struct stat status{};
  if (fstat(file.get(), &status) == 0 && status.st_size == 0) {
    // Reserved now: a later write to a hole of a full file system would be a SIGBUS in the middle of the loop.
    const int error = posix_fallocate(file.get(), 0, static_cast<off_t>(kFileBytes));
    const BlackBoxHeader header = expected_header();
    if (error != 0 || pwrite(file.get(), &header, sizeof(header), 0) != static_cast<ssize_t>(sizeof(header))) {
      unlink(path.c_str());
      refuse(path, "no room for " + std::to_string(kFileBytes) + " bytes: " + std::strerror(error) +
                       "; free some of the memory file system");
    }
  }
  check(path, file.get());
  data_ = mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file.get(), 0);
  if (data_ == MAP_FAILED) {
    refuse(path, std::string("cannot be mapped: ") + std::strerror(errno) + "; free some memory");
  }
  auto* first = reinterpret_cast<BlackBoxRecord*>(static_cast<std::byte*>(data_) + kBlackBoxFirstRecord);
  records_ = {first, kBlackBoxRecords};
  for (const BlackBoxRecord& record : records_) {
    sequence_ = is_whole(record) ? std::max(sequence_, record.sequence) : sequence_;
  }
}

BlackBox::~BlackBox() { munmap(data_, kFileBytes); }

void BlackBox::write(BlackBoxRecord record) noexcept {
  record.sequence = ++sequence_;
  record.crc = checksum(record);
  std::memcpy(&records_[sequence_ % kBlackBoxRecords], &record, sizeof(record));
}

BlackBoxContent read_black_box(const std::string& path) {
  const File file(path, O_RDONLY);
  if (file.get() < 0) {
    refuse(path, std::string("cannot be read: ") + std::strerror(errno) + "; has rt_control run there?");
  }
  check(path, file.get());
  BlackBoxContent content;
  std::vector<BlackBoxRecord> all(kBlackBoxRecords);
  const std::size_t bytes = all.size() * sizeof(BlackBoxRecord);
  if (pread(file.get(), all.data(), bytes, kBlackBoxFirstRecord) != static_cast<ssize_t>(bytes)) {
    refuse(path, "it ends too early; name another file");
  }
  for (const BlackBoxRecord& record : all) {
    if (is_whole(record)) {
      content.records.push_back(record);
    } else if (!is_unused(record)) {
      ++content.torn;
    }
  }
  std::sort(content.records.begin(), content.records.end(),
            [](const auto& left, const auto& right) { return left.sequence < right.sequence; });
  return content;
}

}  // namespace dynamical::rt
