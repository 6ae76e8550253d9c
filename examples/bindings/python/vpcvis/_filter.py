# SPDX-License-Identifier: MIT
"""Traffic-mirroring rules: which packets are to be copied."""
import ctypes
from ctypes import byref, c_size_t, c_uint8, c_uint32, c_void_p
from typing import Any, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union, overload

from . import _abi
from ._abi import lib
from ._errors import ClosedError, VpcvisError, check, fail
from ._layout import read_cidr, written

from ._packet import DIRECTIONS, Packet, choose, protocol_number

Ports = Tuple[int, int]

_ACTIONS = {"accept": 1, "reject": 2}
_ACTION_NAMES = {1: "accept", 2: "reject"}
_DIRECTION_NAMES = {1: "ingress", 2: "egress"}
_PROTOCOL, _SRCPORT, _DSTPORT = 1, 2, 4
_AMAZON_DNS = 1
_WHYS = ("none", "rule", "service", "scope", "held", "bad")
_KINDS = {1: "same", 2: "covered", 3: "accept-all", 4: "joined-all", 5: "idle"}
_STRUCTURES = {1: "linear", 2: "tables"}
_OPTIONS = {"strict": 1, "marked": 2, "non_ip": 4, "later": 8, "cut": 16, "portless": 32,
            "more_ports": 64, "ports_all": 128, "next_header": 256, "protocol_0": 512,
            "bad": 1024}


class RuleError(VpcvisError):
    """A rule that cannot be.

    `line` is the line of a text, or the rule's place in a list, counting from 1 (0: none of
    them); `part` what of it is wrong (`srcport`), `offset` the byte of a line.
    """

    def __init__(self, status: int, line: int, part: str, offset: int) -> None:
        self.line = line
        self.part = part
        self.offset = offset
        super().__init__(status)

    def _sentence(self) -> str:
        return "rule %d%s: %s" % (self.line, ", " + self.part if self.part else "",
                                  super()._sentence())

    def __reduce__(self) -> Any:
        return type(self), (self.status, self.line, self.part, self.offset)


class Rule(NamedTuple):
    """One rule. Rules of a direction are tried in ascending number; the first that fits
    decides."""

    direction: str  #: ingress or egress
    number: int
    action: str  #: accept (mirror it) or reject
    protocol: Optional[int]  #: None: all
    src: str  #: CIDR
    dst: str
    srcport: Optional[Ports] = None  #: first and last
    dstport: Optional[Ports] = None
    description: str = ""

    def __str__(self) -> str:
        """The rule as a line of text."""
        struct, keep = _to_struct(self)
        line = written(lambda out, room, size: lib.filter_write(byref(struct), out, room, size))
        del keep
        return line


class Answer(NamedTuple):
    """What a filter says of a packet."""

    mirrored: bool
    action: Optional[str]  #: accept, reject, or None: nothing decided
    rule: Optional[Rule]
    why: str  #: none, rule, service, scope, held or bad
    left: Optional[str]  #: which kind of traffic is never mirrored


class Fit(NamedTuple):
    """How a rule fits a packet: `part` is the first that does not, None if all do."""

    rule: Rule
    part: Optional[str]


class Finding(NamedTuple):
    """What is odd about a rule: same, covered (by `by`: it never matches), accept-all,
    joined-all or idle."""

    kind: str
    rule: Rule
    by: Optional[Rule]


class Needs(NamedTuple):
    """What building a filter takes."""

    bytes: int
    scratch: int
    structure: str  #: linear or tables
    covered: int  #: rules that can never match


def _to_struct(rule: Rule) -> Tuple[_abi.Rule, bytes]:
    text = rule.description.encode()
    struct = _abi.Rule(number=rule.number, text_len=len(text), text=_abi.address_of(text),
                       direction=choose(DIRECTIONS, rule.direction, "direction"),
                       action=choose(_ACTIONS, rule.action, "action"),
                       src=read_cidr(rule.src), dst=read_cidr(rule.dst))
    if rule.protocol is not None:
        struct.valid |= _PROTOCOL
        struct.protocol = protocol_number(rule.protocol)
    for bit, ports, name in ((_SRCPORT, rule.srcport, "srcport"),
                             (_DSTPORT, rule.dstport, "dstport")):
        if ports is not None:
            struct.valid |= bit
            getattr(struct, name)[0], getattr(struct, name)[1] = ports
    return struct, text


def _cidr_text(cidr: _abi.Cidr) -> str:
    return written(lambda out, room, size: lib.addr_write_cidr(byref(cidr), out, room, size))


def _from_struct(struct: _abi.Rule) -> Rule:
    text = ctypes.string_at(struct.text, struct.text_len) if struct.text_len else b""
    return Rule(
        _DIRECTION_NAMES[struct.direction], struct.number, _ACTION_NAMES[struct.action],
        struct.protocol if struct.valid & _PROTOCOL else None, _cidr_text(struct.src),
        _cidr_text(struct.dst),
        tuple(struct.srcport) if struct.valid & _SRCPORT else None,
        tuple(struct.dstport) if struct.valid & _DSTPORT else None,
        text.decode("utf-8", "replace"))


def _check(status: int, error: _abi.Error) -> None:
    if status == _abi.OK:
        return
    if status in (_abi.E_MEMORY, _abi.E_CONFIG) or error.status != status:
        fail(status, "filter")
    part = lib.filter_part_name(error.column)
    name = "" if part is None or error.column == 0 else part.decode()
    raise RuleError(status, error.line, name, error.offset)


def read_rules(text: Union[str, bytes]) -> Tuple[List[Rule], Tuple[str, ...]]:
    """Rules and services of lines of text; RuleError has the line that is none."""
    data = text.encode() if isinstance(text, str) else bytes(text)
    count, services, error = c_size_t(), c_uint32(), _abi.Error()
    room = data.count(b"\n") + 1
    rules = (_abi.Rule * room)()
    _check(lib.filter_read_lines(data, len(data), rules, room, byref(count), byref(services),
                                 byref(error)), error)
    names = ("amazon-dns",) if services.value & _AMAZON_DNS else ()
    return [_from_struct(rules[i]) for i in range(count.value)], names


class _Built:
    """The classifier; it goes when the last of those who use it lets go."""

    def __init__(self, rules: Any, count: int, config: Any) -> None:
        self.handle = c_void_p()
        error = _abi.Error()
        _check(lib.filter_new(rules, count, byref(config), None, byref(self.handle),
                              byref(error)), error)

    def __del__(self) -> None:
        if self.handle:
            lib.filter_free(self.handle, None)


class Filter:
    """Mirror rules, built into a classifier.

        web = Filter("ingress 100 accept tcp from 0.0.0.0/0 to 10.0.0.0/8 port 443")
        web.match(Packet.make("tcp", "198.51.100.7", "10.0.1.20", 50000, 443,
                              direction="ingress")).mirrored

    rules: text, or Rule values. services: `amazon-dns` mirrors traffic with the resolver.
    options are what AWS leaves open, all off: strict (refuse what AWS refuses), non_ip, later
    (fragments pass port ranges), cut (so do packets whose ports were not captured), portless,
    more_ports (SCTP, DCCP and UDP-Lite too), ports_all, next_header, protocol_0, bad, marked.
    Immutable; any number of threads may share one.
    """

    rules: Tuple[Rule, ...]
    services: Tuple[str, ...]

    def __init__(self, rules: Union[str, bytes, Iterable[Rule]], *,
                 services: Sequence[str] = (), max_bytes: int = 0, **options: bool) -> None:
        if isinstance(rules, (str, bytes)):
            read, named = read_rules(rules)
            services = tuple(dict.fromkeys((*services, *named)))
        else:
            read = list(rules)
        self.rules = tuple(read)
        self.services = tuple(services)
        for name in self.services:
            if name != "amazon-dns":
                raise ValueError("the only service is amazon-dns, not %r" % name)
        structs = [_to_struct(rule) for rule in self.rules]
        self._texts = [text for _, text in structs]
        self._array = (_abi.Rule * max(len(structs), 1))(*[struct for struct, _ in structs])
        flags = sum(choose(_OPTIONS, name, "an option") for name, on in options.items() if on)
        self._config = _abi.sized(_abi.FilterConfig, flags=flags, max_bytes=max_bytes,
                                  services=_AMAZON_DNS if self.services else 0)
        self._built: Optional[_Built] = _Built(self._array, len(self.rules), self._config)

    def close(self) -> None:
        """Give the memory back, once no thread is matching any more. Closing twice is fine."""
        self._built = None

    def __enter__(self) -> "Filter":
        return self

    def __exit__(self, *what: Any) -> None:
        self.close()

    def __str__(self) -> str:
        lines = [str(rule) for rule in self.rules]
        return "".join(line + "\n" for line in lines + ["service " + name
                                                        for name in self.services])

    @property
    def needs(self) -> Needs:
        """What building it takes, as the library plans it."""
        needs, error = _abi.FilterNeeds(), _abi.Error()
        scratch = ctypes.create_string_buffer(1)
        arguments = (self._array, len(self.rules), byref(self._config))
        status = lib.filter_plan(*arguments, scratch, 1, byref(needs), byref(error))
        if status == _abi.E_SPACE:
            scratch = ctypes.create_string_buffer(needs.scratch)
            status = lib.filter_plan(*arguments, scratch, len(scratch), byref(needs),
                                     byref(error))
        _check(status, error)
        return Needs(needs.bytes, needs.scratch, _STRUCTURES[needs.structure], needs.covered)

    @overload
    def match(self, packets: Packet, direction: Optional[str] = None) -> Answer: ...

    @overload
    def match(self, packets: Sequence[Packet],
              direction: Optional[str] = None) -> List[Answer]: ...

    def match(self, packets: Union[Packet, Sequence[Packet]],
              direction: Optional[str] = None) -> Union[Answer, List[Answer]]:
        """Judge a packet, or several. direction: that of all of them; None: each one's own."""
        built = self._built
        if built is None:
            raise ClosedError("the filter is closed")
        if isinstance(packets, Packet):
            return self.match([packets], direction)[0]
        array = (_abi.Packet * max(len(packets), 1))(*[one._struct for one in packets])
        answers = (_abi.FilterAnswer * max(len(packets), 1))()
        check(lib.filter_match(built.handle, array, ctypes.sizeof(_abi.Packet), len(packets),
                               choose(DIRECTIONS, direction, "direction"), answers), "match")
        return [self._answer(answers[i]) for i in range(len(packets))]

    def _answer(self, answer: _abi.FilterAnswer) -> Answer:
        rule = None if answer.rule == _abi.NONE32 else self.rules[answer.rule]
        left = lib.scope_name(answer.left) if answer.left else None
        return Answer(answer.action == 1, _ACTION_NAMES.get(answer.action), rule,
                      _WHYS[answer.why], None if left is None else left.decode())

    def explain(self, packet: Packet,
                direction: Optional[str] = None) -> Tuple[Answer, List[Fit]]:
        """The answer, and for each rule how it fits."""
        parts = (c_uint8 * max(len(self.rules), 1))()
        answer, error = _abi.FilterAnswer(), _abi.Error()
        _check(lib.filter_explain(
            self._array, len(self.rules), byref(self._config), byref(packet._struct),
            choose(DIRECTIONS, direction, "direction"), parts, byref(answer), byref(error)),
            error)
        fits = [Fit(rule, lib.filter_part_name(part).decode() if part else None)
                for rule, part in zip(self.rules, parts)]
        return self._answer(answer), fits

    def lint(self) -> List[Finding]:
        """What is odd about the rules."""
        found, error = c_size_t(), _abi.Error()
        room = 4 * len(self.rules) + 1
        findings = (_abi.FilterFinding * room)()
        arguments = (self._array, len(self.rules), byref(self._config))
        status = lib.filter_lint(*arguments, findings, room, byref(found), byref(error))
        if status == _abi.E_SPACE:
            findings = (_abi.FilterFinding * found.value)()
            status = lib.filter_lint(*arguments, findings, found.value, byref(found),
                                     byref(error))
        _check(status, error)
        return [Finding(_KINDS[one.kind], self.rules[one.rule],
                        None if one.by == _abi.NONE32 else self.rules[one.by])
                for one in findings[:found.value]]
