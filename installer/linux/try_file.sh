#!/bin/sh
# Try the file that installs itself on this Linux, as a user without rights: sh installer/linux/try_file.sh FILE.run
# Needs xvfb-run and what docs/installing.md names for a server. installer/linux/try.py tries more, on Debian alone.
set -eu
file=$1
[ "$(id -u)" != 0 ] || { echo "Run this as a user, not as root." >&2; exit 2; }
place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
export HOME="$place/home" XDG_RUNTIME_DIR="$place" QT_QPA_PLATFORM=xcb
unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_STATE_HOME
folder="$HOME/Übungen für alle/Terrace"
mkdir -p "$HOME"
sh "$file" --to "$folder"
grep -qF "Exec=\"$folder/terrace-desktop\" %f" "$HOME/.local/share/applications/terrace.desktop"
"$folder/terrace" run -c "sample sleepstudy" -c "mixed reaction days || subject: days"
xvfb-run -a "$folder/terrace-desktop" --self-test
"$folder/terrace-menu" uninstall
[ ! -e "$folder" ] || { echo "left: $folder" >&2; exit 1; }
left=$(find "$HOME/.local/share" -name "*terrace*.desktop" -o -name "*terrace*.png" -o -name "*terrace*.xml")
[ -z "$left" ] || { echo "left: $left" >&2; exit 1; }
echo "The file works on this system: $(. /etc/os-release && echo "$PRETTY_NAME")"
