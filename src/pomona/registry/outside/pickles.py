"""Finding pickles by what they are, not by what they are called; nothing is ever unpickled.

A pickle is a program for a small stack machine. Its instructions are read (``pickletools``) and followed
only as far as the stack's depth and the names that would be imported.

References:
    https://docs.python.org/3/library/pickletools.html
"""

import pickletools
from typing import Any, BinaryIO

_MOST_STEPS = 300_000  # whatever still makes sense after so many instructions is one
_CALLS = frozenset({"REDUCE", "OBJ", "INST", "NEWOBJ", "NEWOBJ_EX", "BUILD"})
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_MARK = object()
UNREAD = "(and what comes after a part that cannot be read)"


class Pickle:
    """What the instructions of a stream say.

    Attributes:
        found: Whether it is a pickle: one with the mark of protocol 2 or later, or any that calls something.
        imports: The names that loading it would import, in order, each once.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.imports: list[str] = []
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._steps = 0
        self._calls = False
        self._marked = False
        self._ended = False
        source = _Careful(stream)
        try:
            for opcode, argument, _ in pickletools.genops(source):  # type: ignore[arg-type]  # read, readline, tell
                self._step(opcode, argument)
                if self._ended or self._steps >= _MOST_STEPS:
                    break
        except (ValueError, IndexError, TypeError):
            pass  # a pickle does its harm before it breaks
        self._large = source.skipped
        if not self._ended:
            self.imports.append(UNREAD)

    @property
    def found(self) -> bool:
        enough = self._ended or self._steps >= 3
        return (self._marked and enough) or self._calls or self._large or self._steps >= _MOST_STEPS

    def _step(self, opcode: Any, argument: Any) -> None:
        name = opcode.name
        if name == "PROTO" and self._steps == 0:
            self._marked = True
        self._steps += 1
        self._ended = name == "STOP"
        before = list(opcode.stack_before)
        gone = self._pop(name, before)
        if name in ("GLOBAL", "INST"):
            module, _, attribute = str(argument).partition(" ")
            self._import(module, attribute)
        elif name == "STACK_GLOBAL":
            self._import(*(value if isinstance(value, str) else "?" for value in gone[-2:]))
        elif name in ("EXT1", "EXT2", "EXT4"):
            self._import("copyreg", f"extension {argument}")
        self._calls = self._calls or name in _CALLS
        if name == "MEMOIZE":
            self._memo[len(self._memo)] = gone[-1]
            self._stack.append(gone[-1])
        else:
            self._push(name, opcode, argument)

    def _pop(self, name: str, before: list[Any]) -> list[Any]:
        marked = pickletools.markobject in before
        if name == "POP" and self._stack and self._stack[-1] is _MARK:
            return [self._stack.pop()]
        taken: list[Any] = []
        if marked:
            while self._stack[-1] is not _MARK:  # IndexError: there is none, it would break here
                taken.append(self._stack.pop())
            self._stack.pop()
            before = before[: before.index(pickletools.markobject)]
        if len(self._stack) < len(before):
            raise IndexError("the stack is empty")
        taken.extend(self._stack.pop() for _ in before)
        return taken[::-1]

    def _push(self, name: str, opcode: Any, argument: Any) -> None:
        if name in _GETS:
            self._stack.append(self._memo.get(int(argument)))
            return
        for kind in opcode.stack_after:
            if kind is pickletools.markobject:
                self._stack.append(_MARK)
            else:
                self._stack.append(argument if isinstance(argument, str) else None)
        if name in _PUTS and self._stack:
            self._memo[int(argument)] = self._stack[-1]

    def _import(self, module: str, attribute: str) -> None:
        name = f"{module}.{attribute}"
        if not all(part.isidentifier() or part == "?" for part in name.split(".")) and module != "copyreg":
            raise ValueError("no name of a module")  # text that begins with a c
        if name not in self.imports:
            self.imports.append(name)


class _Careful:
    """A stream for ``genops`` that steps over large arguments instead of reading them."""

    _LARGE = 32 << 20

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.skipped = False  # an argument was that large, and really is there

    def read(self, size: int) -> Any:
        if size <= self._LARGE:
            return self._stream.read(size)
        here = self._stream.tell()
        if self._stream.seek(0, 2) - here < size:
            raise ValueError("it claims more than there is")
        self._stream.seek(here + size)
        self.skipped = True
        return _Skipped(size)

    def readline(self) -> bytes:
        return self._stream.readline(1 << 16)


class _Skipped:
    """So many bytes that nobody looked at."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size
