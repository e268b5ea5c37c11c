# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let plain pytest find the collection as ansible-playbook and ansible-test do, and make hypothesis repeatable."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# The simulator is `tests.simulator` from the clone's top; ansible-test does not put that on the path.
TOP = str(Path(__file__).resolve().parents[2])
if TOP not in sys.path:
    sys.path.insert(0, TOP)

try:
    from ansible.plugins.loader import init_plugin_loader
    from ansible.utils.collection_loader import AnsibleCollectionConfig
except ImportError:  # ansible-test hides the controller's code from the tests of modules
    pass
else:
    if AnsibleCollectionConfig.collection_finder is None:  # ansible-test has set one
        init_plugin_loader()

try:
    from hypothesis import settings
except ImportError:  # tests that need it say so themselves
    pass
else:
    # No deadline: a shared machine is no stopwatch. Derandomised: the same commit gives the same verdict.
    settings.register_profile("ci", deadline=None, derandomize=True, database=None)
    settings.register_profile("explore", deadline=None, max_examples=2000)
    # ansible-test repeats everything on five Pythons, to see that it runs there; the search itself is `make unit`'s.
    settings.register_profile("each_python", settings.get_profile("ci"), max_examples=20)
    by_ansible_test = "ansible_pytest_collections" in os.environ.get("PYTEST_PLUGINS", "")
    settings.load_profile("each_python" if by_ansible_test else os.environ.get("HYPOTHESIS_PROFILE", "ci"))
