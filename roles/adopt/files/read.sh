# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck shell=sh
# Print every file in the folder "$1" and in its auto: a mark, the path as hexadecimal bytes, a mark, the content likewise.
# od is there on every system of POSIX, base64 is not. Nothing is written, and nothing of a file is run.
# "$2" is the most bytes of a file, "$3" of all files together.
LC_ALL=C
export LC_ALL
bytes() { od -An -v -tx1; }
say() {
  echo "dom0.xend.adopt: $1"
  printf %s "$2" | bytes
}
total=0
echo 'dom0.xend.adopt: begin'
say host "$(uname -n)"
if [ ! -d "$1" ]; then
  echo 'dom0.xend.adopt: missing'
elif [ ! -r "$1" ] || [ ! -x "$1" ]; then
  echo 'dom0.xend.adopt: shut'
fi
for folder in "$1" "$1/auto"; do
  for path in "$folder"/* "$folder"/.[!.]* "$folder"/..?*; do
    if [ -d "$path" ]; then
      continue
    elif [ -f "$path" ] && [ -r "$path" ]; then
      size=$(wc -c < "$path" | tr -d ' ')
      if [ "$size" -gt "$2" ]; then
        say large "$path"
      elif [ $((total + size)) -gt "$3" ]; then
        say rest "$path"
      else
        total=$((total + size))
        say file "$path"
        echo 'dom0.xend.adopt: content'
        od -An -v -tx1 -N "$2" "$path"
      fi
    elif [ -f "$path" ]; then
      say unreadable "$path"
    elif [ -L "$path" ]; then
      say broken "$path"
    elif [ -e "$path" ]; then
      say special "$path"
    fi
  done
done
echo 'dom0.xend.adopt: end'
