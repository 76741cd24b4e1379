#!/bin/sh
# Terrace @VERSION@ for Linux (x86-64, glibc @GLIBC@ or newer): installs itself for this user, without rights of an administrator.
#   sh @FILE@                  install into ~/.local/opt/terrace and add Terrace to the menu
#   sh @FILE@ --to FOLDER      install into FOLDER
#   sh @FILE@ --no-menu        only unpack: the program runs from its folder, also from a stick
# To remove it: ~/.local/opt/terrace/terrace-menu uninstall
set -eu
size=@SIZE@
sum=@SUM@
target=${HOME:-.}/.local/opt/terrace
menu=yes

stop() {
    echo "Terrace is not installed: $1" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
        --to)
            [ $# -gt 1 ] || stop "--to needs a folder."
            target=$2
            shift
            ;;
        --no-menu) menu=no ;;
        *)
            sed -n '2,6s/^# \{0,1\}//p' "$0"
            exit 2
            ;;
    esac
    shift
done

[ "$(uname -m)" = x86_64 ] || stop "this file is for computers with an x86-64 processor; this one is $(uname -m)."
command -v xz > /dev/null || stop "the program xz is missing. Install the package xz-utils (Debian, Ubuntu) or xz (Fedora)."
if [ "$(tail -c "$size" "$0" | sha256sum | cut -d ' ' -f 1)" != "$sum" ]; then
    stop "this file is damaged. Download it again."
fi
if [ -e "$target" ] && [ ! -e "$target/terrace-menu" ] && [ -n "$(ls -A -- "$target")" ]; then
    stop "$target holds something else. Choose another folder with --to."
fi
mkdir -p -- "$(dirname -- "$target")" || stop "its folder cannot be made. Choose another with --to."
new=$target.new
rm -rf -- "$new"
mkdir -- "$new" || stop "$new cannot be made. Choose another folder with --to."
trap 'rm -rf -- "$new"' EXIT
tail -c "$size" "$0" | xz -dc | tar -xf - -C "$new" --no-same-owner || stop "it cannot be unpacked. Is there enough space (@UNPACKED@ MB)?"
rm -rf -- "$target"
mv -- "$new" "$target"
trap - EXIT
echo "Terrace is in $target. To start it: \"$target/terrace-desktop\""
[ "$menu" = no ] || "$target/terrace-menu" add
exit 0
