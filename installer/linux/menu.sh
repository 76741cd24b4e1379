#!/bin/sh
# Terrace in the menu of this user, without rights of an administrator:
#   ./terrace-menu add         add Terrace to the menu, and open .terrace files with it
#   ./terrace-menu remove      take it out of the menu again; this folder stays
#   ./terrace-menu uninstall   take it out of the menu and delete this folder; your settings and files stay
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
share=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$share/applications/terrace.desktop
type=$share/mime/packages/terrace.xml
sizes="16 24 32 48 64 128 256 512"

refresh() {
    # Each desktop has the ones that it reads.
    command -v update-desktop-database > /dev/null && update-desktop-database "$share/applications" 2> /dev/null || :
    command -v update-mime-database > /dev/null && update-mime-database "$share/mime" 2> /dev/null || :
    touch "$share/icons/hicolor" 2> /dev/null || :
}

add() {
    mkdir -p "$share/applications" "$share/mime/packages"
    # As an argument of Exec: quotes, dollars and backslashes behind backslashes, which the file doubles; percent twice.
    quoted=$(printf '%s' "$here/terrace-desktop" | sed -e 's/[\\"`$]/\\&/g' -e 's/\\/\\\\/g' -e 's/%/%%/g')
    while IFS= read -r line; do
        case $line in
            Exec=*) printf 'Exec="%s" %%f\n' "$quoted" ;;
            TryExec=*) printf 'TryExec=%s\n' "$(printf '%s' "$here/terrace-desktop" | sed 's/\\/\\\\/g')" ;;
            *) printf '%s\n' "$line" ;;
        esac
    done < "$here/share/terrace.desktop" > "$entry"
    cp "$here/share/terrace.xml" "$type"
    for size in $sizes; do
        mkdir -p "$share/icons/hicolor/${size}x$size/apps"
        cp "$here/share/terrace-$size.png" "$share/icons/hicolor/${size}x$size/apps/terrace.png"
    done
    refresh
    echo "Terrace is in your menu. To take it out again: \"$here/terrace-menu\" remove"
}

remove() {
    rm -f "$entry" "$type"
    for size in $sizes; do
        rm -f "$share/icons/hicolor/${size}x$size/apps/terrace.png"
    done
    refresh
    # What this program made and nobody else uses; a folder that holds anything stays.
    for size in $sizes; do
        rmdir "$share/icons/hicolor/${size}x$size/apps" "$share/icons/hicolor/${size}x$size" 2> /dev/null || :
    done
    rmdir "$share/icons/hicolor" "$share/icons" 2> /dev/null || :
    echo "Terrace is no longer in your menu."
}

case ${1:-} in
    add) add ;;
    remove) remove ;;
    uninstall)
        remove
        rm -rf -- "$here"
        echo "The program is gone. Your files and settings are as they were."
        ;;
    *)
        sed -n '2,5s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
esac
