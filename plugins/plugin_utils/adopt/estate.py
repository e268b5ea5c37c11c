# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turn a host into a list of guests: which domains and configs are adopted, and why the others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.desired.checks import check_creation
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import ZOMBIE_PREFIX, Domain, is_domain_0
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import canonical_uuid
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import masked
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, printable
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES, within
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import SxpError, loads
from ansible_collections.dom0.xend.plugins.plugin_utils.adopt.files import Config, Files, Listing, read
from ansible_collections.dom0.xend.plugins.plugin_utils.adopt.merge import Options, merge
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.checks import misnamed
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.given import guest_of

_PASSING = "migrating-"
_ENDED = ("shutdown", "crashed")


class CannotAdopt(Exception):
    """The data cannot be adopted. The message is one sentence."""


@dataclass(frozen=True)
class Live:
    """A domain, as xend prints it and as xen_domain_info returns it."""

    domain: Domain
    shown: Mapping[str, Any]


@dataclass
class Estate:
    """The guests of a host as options, and notes for guests and files."""

    release: str
    guests: list[Options] = field(default_factory=list, repr=False)
    notes: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    host: list[str] = field(default_factory=list)

    def note(self, name: str, sentence: str) -> None:
        """Add a note for a guest."""
        self.notes.setdefault(name, []).append(sentence)

    def leave(self, name: str, sentence: str) -> None:
        """Leave a guest out, with the reason."""
        self.left_out[name] = sentence


def survey(
    domains: Sequence[Mapping[str, Any]], listing: Listing, releases: Sequence[str], host: Mapping[str, str]
) -> Estate:
    """Return the guests to adopt. Raises CannotAdopt if the release is unknown."""
    lives = [_live(domain) for domain in domains]
    release = _release(releases, lives)
    files = read(listing.entries, release, host)
    estate = Estate(release, files=files.remarks, host=_of_another_host(listing.host, host.get("nodename", "")))
    adopted = _Adoption(estate, files, _fit(lives, estate))
    adopted.take_domains()
    adopted.take_configs()
    return estate


def _of_another_host(read_on: str, host: str) -> list[str]:
    """Return a sentence if the files may belong to another host than xend, as with a tunnel and a local connection."""
    # Only the first label counts: the host may know its name with or without a domain.
    names = [name.partition(".")[0].lower() for name in (read_on, host)]
    if "" in names or names[0] == names[1]:
        return []
    return [
        f"The files were read on {read_on}, but xend runs on {host}. If these are two machines, connect Ansible to {host} and run the role again."
    ]


def _live(shown: Mapping[str, Any]) -> Live:
    """Return a domain. Raises CannotAdopt."""
    try:
        return Live(Domain.from_sxp(loads(str(shown["sxp"]))), shown)
    except (KeyError, ValueError, SxpError):
        raise CannotAdopt("Each domain must be as xen_domain_info returns it with sxp: true.") from None


def _release(releases: Sequence[str], lives: Iterable[Live]) -> str:
    """Return the latest possible release of xend. Raises CannotAdopt."""
    possible = set(releases) or set(RELEASES)
    told = [set(within(live.domain.release.span)) for live in lives if live.domain.release]
    for names in told:
        # An answer that contradicts the others is ignored, so that the set never becomes empty.
        possible = possible & names or possible
    known = [name for name in RELEASES if name in possible]
    if not known or (not releases and not told):
        raise CannotAdopt(f"The release of xend is not known: adopt_release must be one of {', '.join(RELEASES)}.")
    return known[-1]


def _fit(lives: Iterable[Live], estate: Estate) -> list[Live]:
    """Return the domains that can be adopted. The others are left out with a reason, Domain-0 without one."""
    guests = [live for live in lives if not live.domain.is_privileged and not is_domain_0(live.domain.name)]
    # A dying domain may share its name with its successor, so it does not make the name ambiguous.
    times = Counter(live.domain.name for live in guests if live.domain.state != "dying")
    fit = []
    for live in guests:
        reason = _unfit(live.domain)
        if not reason and times[live.domain.name] > 1:
            reason = "is not adopted, because several domains have this name"
        if reason:
            estate.leave(_original(live.domain.name), f"{printable(live.domain.name)} {reason}.")
        else:
            fit.append(live)
    return fit


def _unfit(domain: Domain) -> str:
    """Return why a domain is not adopted, an empty text if it is."""
    if domain.name.startswith(_PASSING):
        return "is being saved or migrated: run this again when that is done"
    if domain.name.startswith(ZOMBIE_PREFIX) or domain.state == "dying":
        return "is being destroyed, and not adopted"
    if domain.state in _ENDED:
        return f"is {domain.state} and was preserved by xend: see to it, and run this again"
    if domain.state not in ("running", "paused", "halted"):
        return "is in no state that can be declared"
    faults = misnamed([{"name": domain.name}])
    return f"is not adopted, because the role guests refuses its name: {faults[0].rstrip('.')}" if faults else ""


def _original(name: str) -> str:
    """Return the name of a guest without the prefix of a save or migration."""
    return name.removeprefix(_PASSING)


@dataclass
class _Adoption:
    """Adopts the domains first, then the files of guests that xend does not have."""

    estate: Estate
    files: Files
    lives: list[Live]
    of_another: set[str] = field(default_factory=set)
    """The domains whose file describes another domain with that name."""

    def take_domains(self) -> None:
        """Adopt what xend has."""
        for live in self.lives:
            name = live.domain.name
            config = self._config_of(live.domain)
            merged = merge(live.domain, live.shown, config)
            try:
                # Read as the role will read it, so that everything adopted is accepted later.
                guest_of(merged.options, {}).desired  # noqa: B018 - it is read to see what it raises
            except InvalidRequest as error:
                self.estate.leave(name, masked(f"{name} is not adopted: {str(error).rstrip('.')}."))
                continue
            self.estate.guests.append(merged.options)
            for sentence in (*merged.notes, *self._of_start(live.domain, config)):
                self.estate.note(name, sentence)

    def _config_of(self, domain: Domain) -> Optional[Config]:
        """Return the file of a domain, None with a note if there is none."""
        # The uuid identifies a domain also after a rename, so it is tried before the name.
        by_uuid = [config for config in self.files.configs.values() if domain.uuid and domain.uuid == _uuid(config)]
        # A file that was copied with its uuid for another guest does not make this one renamed.
        by_name = self.files.configs.get(domain.name)
        config = by_name if by_name in by_uuid or not by_uuid else by_uuid[0]
        if config is None:
            return None
        # A used file is removed, so that take_configs() finds only guests that xend does not have.
        self.files.configs.pop(config.name)
        if config.name != domain.name:
            self.estate.note(
                domain.name, f"{domain.name} has the UUID that {config.path} gives to {config.name}: it was renamed."
            )
        elif _uuid(config) not in (None, domain.uuid):
            self.estate.note(
                domain.name,
                f"{domain.name} has the UUID {domain.uuid}, {config.path} says {_uuid(config)}: nothing is taken from the file.",
            )
            self.of_another.add(domain.name)
            return None
        return config

    def _of_start(self, domain: Domain, config: Optional[Config]) -> list[str]:
        """Return a sentence if a reboot of the host does not bring the domain back as it is."""
        name = domain.name
        if name in self.files.disputed:
            return [self.files.disputed[name]]
        if domain.state == "halted":
            return [f"{name} is in auto and does not run."] if config and config.in_auto else []
        # xend can start managed domains itself (on_xend_start), so a missing file need not mean a loss.
        manages = domain.release is not None and domain.release.manages
        if config is None:
            unless = f", unless xend manages {name}" if manages else ""
            where = "is in no file" if name not in self.of_another else "is in no file with its UUID"
            return [f"{name} runs and {where}: a reboot of the host loses it{unless}."]
        if not config.in_auto:
            unless = ", unless on_xend_start of its definition says so" if manages else ""
            return [f"{name} runs and is not in auto: it does not start with the host{unless}."]
        return []

    def take_configs(self) -> None:
        """Adopt the configs of guests that xend does not have. They are declared to stay stopped."""
        owners = {
            str(guest["uuid"]): f"{guest['name']}, which xend has" for guest in self.estate.guests if guest.get("uuid")
        }
        same = Counter(map(_uuid, self.files.configs.values()))
        for name, config in self.files.configs.items():
            if config.in_auto:
                self.estate.note(name, f"{name} is in auto and does not run.")
            if name in self.estate.left_out:
                continue
            uuid = _uuid(config)
            owner = owners.get(uuid or "") or ("another file" if uuid and same[uuid] > 1 else "")
            sentence = f"{config.path} is not adopted: it has the UUID of {owner}." if owner else self._refusal(config)
            if sentence:
                self.estate.leave(name, sentence)
                continue
            self.estate.guests.append({"name": name, "state": "stopped", **_ordered(config.options)})
            if not config.in_auto:
                self.estate.note(name, f"{name} is in {config.path} and does not run.")
        # Disputed files of a living domain are reported with the domain.
        alive = {live.domain.name for live in self.lives}
        for name, sentence in self.files.disputed.items():
            if name not in alive:
                self.estate.leave(name, sentence)

    def _refusal(self, config: Config) -> str:
        """Return why a config is not adopted, an empty text if it is."""
        if not config.boots:
            return f"{config.path} is not adopted: no kernel and no bootloader of it is known, and no guest {config.name} runs."
        faults = misnamed([{"name": config.name}])
        try:
            desired = guest_of({**config.options, "state": "stopped"}, {}).desired
            check_creation(desired, RELEASES[self.estate.release])
        except InvalidRequest as error:
            faults.append(str(error))
        return masked(f"{config.path} is not adopted: {faults[0].rstrip('.')}.") if faults else ""


def _uuid(config: Config) -> Optional[str]:
    """Return the UUID in a file, None if it has none."""
    return canonical_uuid(str(config.options["uuid"])) if config.options.get("uuid") else None


def _ordered(options: Options) -> Options:
    """Return the options without the name, which is written before them."""
    return {key: value for key, value in options.items() if key != "name"}
