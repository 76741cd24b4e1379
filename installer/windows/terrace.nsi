; The setup for Windows. setup.py writes what it is called, and where its files are, into the file NAMES, and compiles
; this with makensis. For one user without asking for an administrator; /ALLUSERS, by an administrator, for all of them.
;
;   /S            asks and shows nothing
;   /ALLUSERS     into Program Files, for every user of the computer
;   /D=FOLDER     into this folder; the last on the line, without quotation marks
;   uninstall.exe /S [/PURGE]   /PURGE: the settings, logs and kept work of this user, too; projects always stay
;
; Exit status: 0 done, 1 cancelled, 2 failed, 3 the program runs, 4 the system is too old, 5 no administrator.

!ifdef TARGET
  Target ${TARGET}
!endif
Unicode true
!include "${NAMES}"
!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include WinVer.nsh
!include x64.nsh
!include Integration.nsh

!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"
!define PATHS "Software\Microsoft\Windows\CurrentVersion\App Paths"
!define OPENS "Software\Classes\Applications\${WINDOW}.exe"
!define KIND "Software\Classes\${NAME}.Project"
!define ENDING "Software\Classes\${EXTENSION}"

Name "${NAME}"
OutFile "${OUT}"
RequestExecutionLevel user
ManifestDPIAware true
ManifestSupportedOS Win10
SetCompressor /SOLID lzma
SetCompressorDictSize 64
CRCCheck force
AllowSkipFiles off
BrandingText "${NAME} ${VERSION}"

VIProductVersion "${FOUR}"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "${NAME} Setup"
VIAddVersionKey "CompanyName" "${PUBLISHER}"
VIAddVersionKey "LegalCopyright" "${COPYRIGHT}"

!ifdef SIGN
  !finalize '${SIGN} "%1"' = 0
  !uninstfinalize '${SIGN} "%1"' = 0
!endif

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_LICENSEPAGE_BUTTON "$(^NextBtn)"
!define MUI_LICENSEPAGE_TEXT_BOTTOM "$(LICENCE_BOTTOM)"
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_FUNCTION start
!define MUI_FINISHPAGE_NOAUTOCLOSE
!insertmacro MUI_PAGE_LICENSE "${LICENCE}"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"
!include "words.nsh"

Var everyone ; 1 where it is for all users

; For whom: SHCTX, $SMPROGRAMS and the folders follow. Uninstallers find out by the folder that the entry names.
!macro for_everyone
  SetRegView 64
  SetShellVarContext all
  StrCpy $everyone 1
!macroend

!macro for_one
  SetRegView 64
  SetShellVarContext current
  StrCpy $everyone 0
!macroend

; Nobody can write into a program that runs, so a file that cannot be opened tells of it, in every session.
!macro refuse_while_running un
  Function ${un}refuse_while_running
    Push $0
    Push $1
    ${Do}
      StrCpy $1 0
      !insertmacro test_file "${WINDOW}.exe"
      !insertmacro test_file "${CONSOLE}.exe"
      ${If} $1 == 0
        ${Break}
      ${EndIf}
      MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING)" /SD IDCANCEL IDRETRY +3
      SetErrorLevel 3
      Quit
    ${Loop}
    Pop $1
    Pop $0
  FunctionEnd
!macroend

!macro test_file file
  ${If} ${FileExists} "$INSTDIR\${file}"
    ClearErrors
    FileOpen $0 "$INSTDIR\${file}" a
    ${If} ${Errors}
      StrCpy $1 1
    ${Else}
      FileClose $0
    ${EndIf}
  ${EndIf}
!macroend

!insertmacro refuse_while_running ""
!insertmacro refuse_while_running "un."

Function .onInit
  ${IfNot} ${AtLeastWin10}
  ${OrIfNot} ${RunningX64}
    MessageBox MB_OK|MB_ICONSTOP "$(TOO_OLD)" /SD IDOK
    SetErrorLevel 4
    Quit
  ${EndIf}
  !insertmacro for_one
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/ALLUSERS" $1
  ${IfNot} ${Errors}
    UserInfo::GetAccountType
    Pop $1
    ${If} $1 != "Admin"
      MessageBox MB_OK|MB_ICONSTOP "$(NO_ADMINISTRATOR)" /SD IDOK
      SetErrorLevel 5
      Quit
    ${EndIf}
    !insertmacro for_everyone
  ${EndIf}
  ${If} $INSTDIR == "" ; else it was given by /D=
    ReadRegStr $INSTDIR SHCTX "${ENTRY}" "InstallLocation" ; an older version is replaced where it is
  ${EndIf}
  ${If} $INSTDIR == ""
    ${If} $everyone == 1
      StrCpy $INSTDIR "$PROGRAMFILES64\${NAME}"
    ${Else}
      StrCpy $INSTDIR "$LOCALAPPDATA\Programs\${NAME}"
    ${EndIf}
  ${EndIf}
FunctionEnd

Function start
  Exec '"$INSTDIR\${WINDOW}.exe"'
FunctionEnd

; What the setup put there, and nothing else: the folder may have been the user's own.
!macro remove_files
  Delete "$INSTDIR\${WINDOW}.exe"
  Delete "$INSTDIR\${CONSOLE}.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir /r "$INSTDIR\_internal"
!macroend

Section
  Call refuse_while_running
  !insertmacro remove_files ; of an older version: what the new one no longer has must not stay
  SetOutPath "$INSTDIR"
  ClearErrors
  File /r "${FROZEN}/*"
  ${If} ${Errors}
    SetErrorLevel 2
    Abort "$(NOT_WRITTEN)"
  ${EndIf}
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortCut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${WINDOW}.exe" "" "" "" "" "" "${SUMMARY}"

  WriteRegStr SHCTX "${ENTRY}" "DisplayName" "${NAME}"
  WriteRegStr SHCTX "${ENTRY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${ENTRY}" "Publisher" "${PUBLISHER}"
  WriteRegStr SHCTX "${ENTRY}" "DisplayIcon" "$INSTDIR\${WINDOW}.exe,0"
  WriteRegStr SHCTX "${ENTRY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${ENTRY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr SHCTX "${ENTRY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD SHCTX "${ENTRY}" "EstimatedSize" ${KILOBYTES}
  WriteRegDWORD SHCTX "${ENTRY}" "NoModify" 1
  WriteRegDWORD SHCTX "${ENTRY}" "NoRepair" 1

  WriteRegStr SHCTX "${PATHS}\${WINDOW}.exe" "" "$INSTDIR\${WINDOW}.exe"
  WriteRegStr SHCTX "${PATHS}\${CONSOLE}.exe" "" "$INSTDIR\${CONSOLE}.exe"
  WriteRegStr SHCTX "${OPENS}" "FriendlyAppName" "${NAME}"
  WriteRegStr SHCTX "${OPENS}\shell\open\command" "" '"$INSTDIR\${WINDOW}.exe" "%1"'

  WriteRegStr SHCTX "${KIND}" "" "$(FILE_KIND)"
  WriteRegStr SHCTX "${KIND}\DefaultIcon" "" "$INSTDIR\${WINDOW}.exe,0"
  WriteRegStr SHCTX "${KIND}\shell\open\command" "" '"$INSTDIR\${WINDOW}.exe" "%1"'
  WriteRegStr SHCTX "${ENDING}" "" "${NAME}.Project"
  WriteRegStr SHCTX "${ENDING}" "Content Type" "${MIME_TYPE}"
  WriteRegStr SHCTX "${ENDING}\OpenWithProgids" "${NAME}.Project" ""
  ${NotifyShell_AssocChanged}
SectionEnd

Function un.onInit
  !insertmacro for_one
  ReadRegStr $0 SHCTX "${ENTRY}" "InstallLocation"
  ${If} $0 != $INSTDIR
    !insertmacro for_everyone
  ${EndIf}
FunctionEnd

Section "un.Remove"
  Call un.refuse_while_running
  !insertmacro remove_files
  ${If} ${FileExists} "$INSTDIR\${WINDOW}.exe"
    SetErrorLevel 2
    Abort "$(NOT_REMOVED)"
  ${EndIf}
  RMDir "$INSTDIR" ; where nothing else is in it
  Delete "$SMPROGRAMS\${NAME}.lnk"
  DeleteRegKey SHCTX "${ENTRY}"
  DeleteRegKey SHCTX "${PATHS}\${WINDOW}.exe"
  DeleteRegKey SHCTX "${PATHS}\${CONSOLE}.exe"
  DeleteRegKey SHCTX "${OPENS}"
  DeleteRegKey SHCTX "${KIND}"
  ReadRegStr $0 SHCTX "${ENDING}" ""
  ${If} $0 == "${NAME}.Project" ; else another program has taken it over since
    DeleteRegKey SHCTX "${ENDING}"
  ${Else}
    DeleteRegValue SHCTX "${ENDING}\OpenWithProgids" "${NAME}.Project"
  ${EndIf}
  ${NotifyShell_AssocChanged}
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/PURGE" $1
  ${If} ${Errors}
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(PURGE)" /SD IDNO IDNO kept
  ${EndIf}
  SetShellVarContext current
  RMDir /r "$LOCALAPPDATA\${OWN_FOLDER}"
  kept:
SectionEnd
