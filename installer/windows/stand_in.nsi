; A program that stands in for the real ones where the setup is tried under Wine: it notes how it was started, and stays
; until the file STOP is there.
Target amd64-unicode
Unicode true
SilentInstall silent
RequestExecutionLevel user
OutFile "${OUT}"
!include LogicLib.nsh
Section
  FileOpen $0 "$TEMP\stand-in.txt" w
  FileWriteUTF16LE $0 $CMDLINE
  FileClose $0
  ${DoUntil} ${FileExists} "$TEMP\STOP"
    Sleep 100
  ${Loop}
SectionEnd
