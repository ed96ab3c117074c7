// Binds a struct from its list of fields: attributes, keyword constructor, bytes, comparison and a readable form.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <type_traits>

#include "rt_control/fields.hpp"

namespace dynamical::rt::python {

namespace nb = nanobind;

template <typename Type>
struct ArrayTraits {
  static constexpr std::size_t rank = 0;
};

template <typename Type, std::size_t size>
struct ArrayTraits<std::array<Type, size>> {
  using Inner = ArrayTraits<Type>;
  using Scalar = typename std::conditional_t<Inner::rank == 0, std::type_identity<Type>, Inner>::type;
  using type = Scalar;
  static constexpr std::size_t rank = Inner::rank + 1;
  static constexpr std::array<std::size_t, rank> shape() {
    std::array<std::size_t, rank> result{};
    result[0] = size;
    if constexpr (rank == 2) {
      result[1] = Inner::shape()[0];
    }
    return result;
  }
};

// The text that belongs to a type in the stub file.
template <typename Type>
std::string read_type_text() {
  if constexpr (ArrayTraits<Type>::rank > 0) {
    return std::is_floating_point_v<typename ArrayTraits<Type>::Scalar> ? "numpy.typing.NDArray[numpy.float64]"
                                                                        : "numpy.typing.NDArray[numpy.uint32]";
  } else if constexpr (std::is_enum_v<Type> || std::is_class_v<Type>) {
    return nb::cast<std::string>(nb::type<Type>().attr("__name__"));
  } else {
    return std::is_floating_point_v<Type> ? "float" : "int";
  }
}

template <typename Type>
std::string write_type_text() {
  return ArrayTraits<Type>::rank > 0 ? "numpy.typing.ArrayLike" : read_type_text<Type>();
}

// Signatures are kept by nanobind as pointers: they live as long as the module.
inline nb::sig keep(const std::string& text) { return nb::sig(strdup(text.c_str())); }

// Writes values into the front of an array and zeros behind them.
template <typename Array>
void assign_array(Array& target, const char* name, nb::handle value) {
  using Traits = ArrayTraits<Array>;
  using Scalar = typename Traits::Scalar;
  const char* scalar_name = std::is_floating_point_v<Scalar> ? "float64" : "uint32";
  const nb::object array = nb::module_::import_("numpy").attr("ascontiguousarray")(value, scalar_name);
  const auto view = nb::cast<nb::ndarray<const Scalar, nb::c_contig, nb::device::cpu>>(array);
  constexpr auto shape = Traits::shape();
  bool fits = view.ndim() == Traits::rank;
  std::string found;
  for (std::size_t dimension = 0; dimension < view.ndim(); ++dimension) {
    fits = fits && view.shape(dimension) <= shape[dimension % Traits::rank];
    found += (dimension == 0 ? "" : " x ") + std::to_string(view.shape(dimension));
  }
  if (!fits) {
    std::string allowed = std::to_string(shape[0]);
    if constexpr (Traits::rank == 2) {
      allowed += " x " + std::to_string(shape[1]);
    }
    throw nb::value_error((std::string(name) + ": " + found + " values, at most " + allowed).c_str());
  }
  target = Array{};
  if constexpr (Traits::rank == 1) {
    std::copy_n(view.data(), view.shape(0), target.begin());
  } else {
    for (std::size_t row = 0; row < view.shape(0); ++row) {
      std::copy_n(view.data() + row * view.shape(1), view.shape(1), target[row].begin());
    }
  }
}

template <typename Type>
void assign(Type& target, const char* name, nb::handle value) {
  if constexpr (ArrayTraits<Type>::rank > 0) {
    assign_array(target, name, value);
  } else {
    Type converted{};
    if (!nb::try_cast<Type>(value, converted)) {
      throw nb::type_error((std::string(name) + ": expected " + read_type_text<Type>() + ", got " +
                            nb::cast<std::string>(nb::repr(value)))
                               .c_str());
    }
    target = converted;
  }
}

template <typename Array>
nb::object view_of(Array& array, nb::handle owner) {
  using Traits = ArrayTraits<Array>;
  constexpr auto shape = Traits::shape();
  auto* data = reinterpret_cast<typename Traits::Scalar*>(&array);
  return nb::cast(nb::ndarray<nb::numpy, typename Traits::Scalar>(data, Traits::rank, shape.data(), owner));
}

template <typename Message, typename Member>
void bind_field(nb::class_<Message>& target, const Field<Message, Member>& item) {
  const char* name = item.name;
  const auto member = item.member;
  const std::string getter = std::string("def ") + name + "(self) -> " + read_type_text<Member>();
  const std::string setter = std::string("def ") + name + "(self, value: " + write_type_text<Member>() + ", /) -> None";
  const auto set = [name, member](Message& self, nb::handle value) { assign(self.*member, name, value); };
  if constexpr (ArrayTraits<Member>::rank > 0) {
    target.def_prop_rw(
        name, [member](nb::handle self) { return view_of(nb::cast<Message&>(self).*member, self); }, set,
        nb::for_getter(keep(getter)), nb::for_setter(keep(setter)));
  } else if constexpr (std::is_class_v<Member>) {
    target.def_prop_rw(
        name, [member](Message& self) -> Member& { return self.*member; }, set, nb::rv_policy::reference_internal,
        nb::for_getter(keep(getter)), nb::for_setter(keep(setter)));
  } else {
    target.def_prop_rw(
        name, [member](const Message& self) { return self.*member; }, set, nb::for_getter(keep(getter)),
        nb::for_setter(keep(setter)));
  }
}

// A keyword for each field; what is not given is zero (or as in `initial`).
template <typename Message>
void bind_constructor(nb::class_<Message>& target, Message (*initial)()) {
  std::string signature = "def __init__(self, *";
  std::apply(
      [&]<typename... Member>(const Field<Message, Member>&... item) {
        ((signature += std::string(", ") + item.name + ": " + write_type_text<Member>() + " = ..."), ...);
      },
      Fields<Message>::list);
  signature += ") -> None";
  target.def(
      "__init__",
      [initial](Message* self, const nb::kwargs& values) {
        Message message = initial();
        std::size_t used = 0;
        std::apply(
            [&]<typename... Member>(const Field<Message, Member>&... item) {
              const auto take = [&](const auto& field_item) {
                if (values.contains(field_item.name)) {
                  assign(message.*(field_item.member), field_item.name, values[field_item.name]);
                  ++used;
                }
              };
              (take(item), ...);
            },
            Fields<Message>::list);
        if (used != values.size()) {
          for (auto entry : values) {
            const std::string key = nb::cast<std::string>(entry.first);
            bool known = false;
            std::apply([&](const auto&... item) { ((known = known || key == item.name), ...); }, Fields<Message>::list);
            if (!known) {
              throw nb::type_error(("unknown field '" + key + "'; see the attributes of the class").c_str());
            }
          }
        }
        new (self) Message(message);
      },
      keep(signature));
}

template <typename Message>
std::string describe(nb::handle self) {
  std::string text = nb::cast<std::string>(nb::type<Message>().attr("__name__")) + "(";
  bool first = true;
  std::apply(
      [&](const auto&... item) {
        ((text +=
          (first ? "" : ", ") + std::string(item.name) + "=" + nb::cast<std::string>(nb::repr(self.attr(item.name))),
          first = false),
         ...);
      },
      Fields<Message>::list);
  return text + ")";
}

template <typename Message>
Message zero() {
  return Message{};
}

template <typename Message>
nb::class_<Message> bind_struct(nb::module_& module, const char* name, const char* doc,
                                Message (*initial)() = zero<Message>) {
  nb::class_<Message> target(module, name, doc);
  bind_constructor(target, initial);
  std::apply([&](const auto&... item) { (bind_field(target, item), ...); }, Fields<Message>::list);
  target.def("__repr__", [](nb::handle self) { return describe<Message>(self); });
  target.def("copy", [](const Message& self) { return self; }, "An independent copy.");
  target.def(
      "__eq__",
      [](const Message& self, nb::handle other) {
        return nb::isinstance<Message>(other) &&
               std::memcmp(&self, nb::cast<const Message*>(other), sizeof(Message)) == 0;
      },
      nb::sig("def __eq__(self, other: object, /) -> bool"), nb::arg("other").none());
  return target;
}

void bind_enums(const nb::module_& module);
void bind_messages(nb::module_& module);
void bind_channels(nb::module_& module);
void bind_model(nb::module_& module);
void bind_kinematics(const nb::module_& module);
void bind_dynamics(const nb::module_& module);
void bind_controller(nb::module_& module);
void bind_shell(nb::module_& module);
void bind_clearance(nb::module_& module);
void bind_capsule_distances(nb::module_& module);

}  // namespace dynamical::rt::python
