"""Values of a session as JSON and blobs, and back: a closed list of classes, each member held to its type.

Numbers, text and None stand as JSON has them, a tuple as an array. Everything else is an object whose member ``~``
tells what it is: ``d`` a dataclass with its class, ``a`` an array, ``m`` a mapping. Nothing in a file is run as code:
a class that is not in `terrace.session.project.kinds` is refused, and so is a member of another type than its hint.
Arrays of some size are blobs, named by their SHA-256; so are objects that several others hold (fits, outcomes, plots),
which are the same object again afterwards.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
import struct
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Protocol

import numpy as np

from terrace.data.memory import available_memory
from terrace.errors import DataError
from terrace.sealed import DAMAGED
from terrace.session.opened import Lost
from terrace.session.project.hints import agrees, members

Json = Any
"""What the JSON of Python holds."""

INLINE = 2048  # bytes of an array from which on it is a blob
_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
_PLAIN = "biufcmM"  # kinds of NumPy that hold no objects
_EMPTY = (None, "", (), False, 0)


class Unknown(TypeError):
    """A value that no file can hold."""


class Kinds(Protocol):
    """The classes that files can hold: by name, and which of them are blobs of their own."""

    classes: Mapping[str, type]
    enums: Mapping[str, type[Enum]]
    shared: frozenset[type]


def damaged_part(part: str, why: str) -> DataError:
    """What to raise where a part does not hold what was written; `why` is the end of a sentence."""
    return DataError(f"{part}{DAMAGED}{why}.", code="damaged-file", subject=part)


def as_bytes(value: Json) -> bytes:
    """JSON in one way only, so that what is the same has the same name. Lone surrogates are escapes."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def from_bytes(content: bytes, part: str) -> Json:
    """The JSON of a part. Raises `DataError` where it is none."""

    def refuse(text: str) -> None:
        raise ValueError(text)

    try:
        return json.loads(content.decode("ascii"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise damaged_part(part, "it is not the text that was written") from error


def blob_name(content: bytes, ending: str) -> str:
    """The name of a blob: ``blobs/``, the SHA-256 of its bytes, and what it is."""
    return f"blobs/{hashlib.sha256(content).hexdigest()}.{ending}"


# --- writing -----------------------------------------------------------------------------------------------
Special = Callable[["Encoder", Any], Json]


class Encoder:
    """Makes JSON of values and hands their blobs to ``put(name, content)``, each once.

    ``special`` has classes that are stored in a way of their own, ``left_out`` those that None stands for. ``memory``
    knows what was stored before by the same ``put``: an object that it remembers is not looked at again. ``used`` are
    the names of all blobs of what was made.
    """

    def __init__(
        self, kinds: Kinds, put: Callable[[str, bytes], None], special: Mapping[type, Special],
        memory: Memory | None = None, left_out: frozenset[type] = frozenset(),
    ) -> None:
        self.kinds, self.special, self.left_out = kinds, special, left_out
        self.memory = memory if memory is not None else Memory()
        self.used: set[str] = set()
        self._put = put
        self._under: list[set[str]] = []

    def blob(self, content: bytes, ending: str) -> str:
        """Store bytes under their own name, which is returned."""
        name = blob_name(content, ending)
        if name not in self.memory.stored:
            self._put(name, content)
            self.memory.stored[name] = len(content)
        self.uses((name,))
        return name

    def uses(self, names: set[str] | frozenset[str] | tuple[str, ...]) -> None:
        """Note blobs as part of what is being made."""
        self.used.update(names)
        for under in self._under:
            under.update(names)

    def remembered(self, owner: object, key: object, make: Callable[[], str]) -> str:
        """The name of the blob of an object under a key; it is made once for as long as the object lives."""
        known = self.memory.find(owner, key)
        if known is None:
            self._under.append(set())
            try:
                name = make()
            finally:
                names = self._under.pop()
            known = name, frozenset(names)
            self.memory.keep(owner, key, known)
        self.uses(known[1])
        return known[0]

    def __call__(self, value: Any) -> Json:
        """The JSON of a value. Raises `Unknown` for what no file can hold."""
        kind = type(value)
        if value is None or kind is bool or kind is int:
            return value
        if kind is str:
            return _text(value)
        if kind is float:
            return value if math.isfinite(value) else {"~": "f", "v": struct.pack(">d", value).hex()}
        if kind is tuple:
            return [self(v) for v in value]
        if kind in self.left_out:
            return None
        if kind in self.kinds.shared:
            return {"~": "r", "c": kind.__name__, "b": self.remembered(value, kind, lambda: self._shared(value))}
        return self._of_class(value, kind)

    def _shared(self, value: Any) -> str:
        return self.blob(as_bytes(self._of_class(value, type(value))), "json")

    def _of_class(self, value: Any, kind: type) -> Json:
        if kind in self.special:
            return {"~": "x", "c": kind.__name__, "v": self.special[kind](self, value)}
        if isinstance(value, Enum):
            if self.kinds.enums.get(kind.__name__) is not kind:
                raise Unknown(f"{kind.__name__} is not among the kinds of a project")
            return {"~": "e", "c": kind.__name__, "v": value.value}
        if dataclasses.is_dataclass(value):
            return self.dataclass(value)
        if isinstance(value, np.ndarray):
            return self.array(value)
        if isinstance(value, np.generic) and value.dtype.kind in _PLAIN:
            return {"~": "n", "t": value.dtype.str, "v": value.tobytes().hex()}
        if isinstance(value, np.str_):
            return {"~": "n", "t": "U", "v": _text(str(value))}
        if isinstance(value, str):  # of a class of its own, such as advice: the words are what counts
            return _text(str(value))
        return self._container(value)

    def _container(self, value: Any) -> Json:
        if isinstance(value, Mapping):
            if all(type(k) is str and _is_plain(k) for k in value):
                return {"~": "m", "v": {k: self(v) for k, v in value.items()}}
            return {"~": "p", "v": [[self(k), self(v)] for k, v in value.items()]}
        if isinstance(value, list):
            return {"~": "l", "v": [self(v) for v in value]}
        if isinstance(value, frozenset | set):
            tag = "s" if isinstance(value, frozenset) else "S"
            return {"~": tag, "v": sorted((self(v) for v in value), key=as_bytes)}
        if isinstance(value, tuple):  # one with names, or the like: its items are what counts
            return [self(v) for v in value]
        if isinstance(value, bytes):
            return {"~": "b", "v": base64.b64encode(value).decode()}
        if isinstance(value, np.random.Generator):
            return {"~": "g", "c": type(value.bit_generator).__name__, "v": self(value.bit_generator.state)}
        raise Unknown(f"{type(value).__name__} is not among the kinds of a project")

    def dataclass(self, value: Any) -> Json:
        """The members of an instance of a known class; those that are empty by default and empty are left out,
        and so is a default that has members of its own."""
        kind = type(value)
        if self.kinds.classes.get(kind.__name__) is not kind:
            raise Unknown(f"{kind.__name__} is not among the kinds of a project")
        out = {}
        for f in dataclasses.fields(value):
            own = getattr(value, f.name)
            if type(own) is type(f.default) and f.default in _EMPTY and own == f.default:
                continue
            if own is f.default and dataclasses.is_dataclass(own):  # such as a look that asks for nothing
                continue
            out[f.name] = self(own)
        return {"~": "d", "c": kind.__name__, "v": out}

    def array(self, value: np.ndarray[Any, Any]) -> Json:
        """An array of any shape; truth values are packed, large ones are blobs."""
        if value.dtype == object:
            return {"~": "o", "s": list(value.shape), "v": [self(v) for v in value.ravel().tolist()]}
        if value.dtype.kind not in _PLAIN + "US":
            raise Unknown(f"an array of {value.dtype} is not among the kinds of a project")
        out: Json = {"~": "a", "t": value.dtype.str, "s": list(value.shape)}
        if value.nbytes <= INLINE:
            return {**out, "v": base64.b64encode(_raw(value)).decode()}
        return {**out, "b": self.remembered(*owner_of(value), lambda: self.blob(packed(_raw(value)), "array"))}


def packed(raw: bytes) -> bytes:
    """Bytes made smaller by Zstandard, at a speed that keeps nobody waiting."""
    import pyarrow as pa

    return bytes(pa.Codec("zstd", compression_level=1).compress(raw, asbytes=True))


def _unpacked(content: bytes, size: int) -> bytes:
    import pyarrow as pa

    if size > (available_memory() or size):
        raise ValueError(size)
    return bytes(pa.Codec("zstd").decompress(content, decompressed_size=size, asbytes=True))


def _raw(value: np.ndarray[Any, Any]) -> bytes:
    return (np.packbits(value.ravel()) if value.dtype == bool else np.ascontiguousarray(value)).tobytes()


def owner_of(value: np.ndarray[Any, Any]) -> tuple[object, object]:
    """What keeps the memory of an array alive, and where the array is in it: both tell the array from any other."""
    owner: Any = value
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    place = value.__array_interface__["data"][0]
    return owner, (place, value.shape, value.strides, value.dtype.str)


def _is_plain(text: str) -> bool:
    """True for text that JSON gives back as it was: two halves of a character side by side become one."""
    try:
        text.encode()
        return True
    except UnicodeEncodeError:
        return False


def _text(value: str) -> Json:
    value = str.__str__(value)
    return value if _is_plain(value) else {"~": "t", "v": [ord(c) for c in value]}


class Memory:
    """The blobs that were stored with their sizes, and the objects that they were made of for as long as these live."""

    def __init__(self) -> None:
        self.stored: dict[str, int] = {}
        self._known: dict[tuple[int, object], tuple[Any, tuple[str, frozenset[str]]]] = {}

    def find(self, owner: object, key: object) -> tuple[str, frozenset[str]] | None:
        """The blob of an object, with all that it leads to; None where it is not known or is no longer stored."""
        found = self._known.get((id(owner), key))
        if found is None or found[0]() is not owner or not found[1][1] <= self.stored.keys():
            return None
        return found[1]

    def keep(self, owner: object, key: object, made: tuple[str, frozenset[str]]) -> None:
        """Remember the blob of an object until the object is gone."""
        import weakref

        place = id(owner), key
        known = self._known
        try:
            known[place] = weakref.ref(owner, lambda _: known.pop(place, None)), made
        except TypeError:  # it is made anew the next time
            known.pop(place, None)


# --- reading -----------------------------------------------------------------------------------------------
BROKEN = (DataError, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError,
           OSError, MemoryError, struct.error)  # fmt: skip
"""What decoding JSON raises that no encoder made."""
Back = Callable[["Decoder", Json], Any]


def in_words(error: BaseException) -> str:
    """What was found of damage."""
    return error.message if isinstance(error, DataError) else "what it holds is not what was written."


class Decoder:
    """Makes values of JSON again. ``get(name)`` gives a blob; `part` names in errors what is being read.

    Raises `DataError` for whatever was not written by an `Encoder` of the same kinds.
    """

    def __init__(self, kinds: Kinds, get: Callable[[str], bytes], special: Mapping[str, Back], part: str) -> None:
        self.kinds, self.get, self.special, self.part = kinds, get, special, part
        self.made: dict[str, Any] = {}
        self.lost: list[Lost] = []
        self.about = ""  # the result that is being read, by name
        self.later = False  # a later version of the program wrote it: what only that knows is left out
        self.skipped: set[str] = set()  # members that were left out
        self.in_part = True  # data without a column that is damaged are better than none

    def or_none(self, content: Json, what: str) -> Any:
        """A value that others can do without: where it is damaged it is None, and `what` is lost."""
        try:
            return self(content)
        except BROKEN as error:
            self.lost.append(Lost(what, in_words(error)))
            return None

    def read(self, content: Json, hint: Any) -> Any:
        """A value that has to agree with a type hint."""
        try:
            value = self(content)
        except DataError:
            raise
        except BROKEN as error:
            raise damaged_part(self.part, "a value in it is not one") from error
        if not agrees(value, hint):
            raise damaged_part(self.part, "a value in it is of another type than it has to be")
        return value

    def __call__(self, content: Json) -> Any:
        if content is None or isinstance(content, bool | int | float | str):
            return content
        if isinstance(content, list):
            return tuple([self(v) for v in content])
        tag = content["~"]
        found = _BACK.get(tag) if isinstance(tag, str) else None
        if found is None:
            raise self._unknown("a value of no known kind")
        return found(self, content)

    def _reference(self, content: Json) -> Any:
        name = content["b"]
        if name not in self.made:
            inner = from_bytes(self.get(name), name)
            value = self(inner)
            if type(value).__name__ != content["c"]:
                raise damaged_part(self.part, f"{name} is not the {content['c']} that it has to be")
            self.made[name] = value
        value = self.made[name]
        if type(value).__name__ != content["c"]:
            raise damaged_part(self.part, f"{name} is not the {content['c']} that it has to be")
        return value

    def _special(self, content: Json) -> Any:
        made = self.special.get(content["c"])
        if made is None:
            raise self._unknown("an object of no known class")
        return made(self, content["v"])

    def _dataclass(self, content: Json) -> Any:
        kind = self.kinds.classes.get(content["c"])
        if kind is None:
            raise self._unknown("an object of no known class")
        return self.instance(kind, content["v"])

    def instance(self, kind: type, content: Json, **given: Any) -> Any:
        """An instance of a class of the list, each member held to its hint; `given` are known already."""
        hints = members(kind, self.kinds.classes)
        if self.later:
            unknown = content.keys() - hints.keys()
            self.skipped |= {f"{kind.__name__}.{name}" for name in unknown}
            content = {name: v for name, v in content.items() if name not in unknown}
        values = {name: self(v) for name, v in content.items()}
        for name, value in values.items():
            if name not in hints or not agrees(value, hints[name]):
                raise damaged_part(self.part, f"{name} of {kind.__name__} is not what it has to be")
        return kind(**values, **given)

    def _unknown(self, what: str) -> DataError:
        if self.later:
            return DataError("it needs a later version of Terrace.", code="unknown-format", subject=self.part)
        return damaged_part(self.part, f"it holds {what}")

    def _enum(self, content: Json) -> Enum:
        return self.kinds.enums[content["c"]](content["v"])

    def array(self, content: Json) -> np.ndarray[Any, Any]:
        """An array as it was written. Raises `DataError` where its bytes are too many or too few."""
        dtype, shape = np.dtype(content["t"]), tuple(content["s"])
        if dtype.kind not in _PLAIN + "US" or any(type(n) is not int or n < 0 for n in shape):
            raise damaged_part(self.part, "an array in it has no known type")
        count = math.prod(shape)
        size = (count + 7) // 8 if dtype.kind == "b" else count * dtype.itemsize
        raw = base64.b64decode(content["v"], validate=True) if "v" in content else _unpacked(
            self.get(content["b"]), size
        )
        if len(raw) != size:
            raise damaged_part(self.part, "an array in it is incomplete")
        if dtype.kind == "b":
            return np.unpackbits(np.frombuffer(raw, np.uint8), count=count).astype(bool).reshape(shape)
        if not dtype.itemsize:
            return np.zeros(shape, dtype)
        return np.frombuffer(raw, dtype).reshape(shape).copy()

    def _objects(self, content: Json) -> np.ndarray[Any, Any]:
        out = np.empty(len(content["v"]), dtype=object)
        out[:] = [self(v) for v in content["v"]]
        return out.reshape(content["s"])

    def _scalar(self, content: Json) -> Any:
        if content["t"] == "U":
            return np.str_(self(content["v"]))
        dtype = np.dtype(content["t"])
        if dtype.kind not in _PLAIN:
            raise damaged_part(self.part, "a number in it has no known type")
        return np.frombuffer(bytes.fromhex(content["v"]), dtype)[0]

    def _generator(self, content: Json) -> np.random.Generator:
        if content["c"] not in _GENERATORS:
            raise damaged_part(self.part, "it holds a random number generator of no known kind")
        bits = getattr(np.random, content["c"])()
        bits.state = self(content["v"])
        return np.random.Generator(bits)


_BACK: dict[str, Callable[[Decoder, Json], Any]] = {
    "r": Decoder._reference,
    "x": Decoder._special,
    "d": Decoder._dataclass,
    "e": Decoder._enum,
    "a": Decoder.array,
    "o": Decoder._objects,
    "n": Decoder._scalar,
    "g": Decoder._generator,
    "f": lambda _, c: struct.unpack(">d", bytes.fromhex(c["v"]))[0],
    "t": lambda _, c: "".join(map(chr, c["v"])),
    "m": lambda d, c: {k: d(v) for k, v in c["v"].items()},
    "p": lambda d, c: {d(k): d(v) for k, v in c["v"]},
    "l": lambda d, c: [d(v) for v in c["v"]],
    "s": lambda d, c: frozenset(d(v) for v in c["v"]),
    "S": lambda d, c: {d(v) for v in c["v"]},
    "b": lambda _, c: base64.b64decode(c["v"], validate=True),
}
