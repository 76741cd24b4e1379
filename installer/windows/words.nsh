; What the setup says besides NSIS's own words, in each of its languages.

LangString LICENCE_BOTTOM ${LANG_ENGLISH} "The licences of the libraries are in the program, under Help > Licences."
LangString LICENCE_BOTTOM ${LANG_GERMAN} "Die Lizenzen der Bibliotheken stehen im Programm unter Help > Licences."

LangString FILE_KIND ${LANG_ENGLISH} "${FILE_KIND_ENGLISH}"
LangString FILE_KIND ${LANG_GERMAN} "Terrace-Projekt"

LangString RUNNING ${LANG_ENGLISH} "${NAME} is running, or its folder cannot be written to. Close all its windows, then choose Retry."
LangString RUNNING ${LANG_GERMAN} "${NAME} läuft noch, oder sein Ordner ist schreibgeschützt. Schließen Sie alle Fenster und wählen Sie dann Wiederholen."

LangString TOO_OLD ${LANG_ENGLISH} "${NAME} needs Windows 10 (64-bit) or newer."
LangString TOO_OLD ${LANG_GERMAN} "${NAME} braucht Windows 10 (64 Bit) oder neuer."

LangString NO_ADMINISTRATOR ${LANG_ENGLISH} "Only an administrator can install ${NAME} for all users. Start the setup as administrator, or without /ALLUSERS to install it for yourself."
LangString NO_ADMINISTRATOR ${LANG_GERMAN} "Nur ein Administrator kann ${NAME} für alle Benutzer installieren. Starten Sie das Setup als Administrator oder, um es nur für sich zu installieren, ohne /ALLUSERS."

LangString NOT_WRITTEN ${LANG_ENGLISH} "Some files could not be written. Check the free space and your rights to the folder, then start the setup again."
LangString NOT_WRITTEN ${LANG_GERMAN} "Einige Dateien konnten nicht geschrieben werden. Prüfen Sie den freien Speicherplatz und Ihre Rechte an dem Ordner und starten Sie das Setup dann erneut."

LangString NOT_REMOVED ${LANG_ENGLISH} "Some files could not be removed. Check your rights to the folder, then start this again."
LangString NOT_REMOVED ${LANG_GERMAN} "Einige Dateien konnten nicht entfernt werden. Prüfen Sie Ihre Rechte an dem Ordner und starten Sie dies dann erneut."

LangString PURGE ${LANG_ENGLISH} "Also delete your settings, logs, and unsaved work that ${NAME} kept for you? Your project files stay in any case."
LangString PURGE ${LANG_GERMAN} "Auch Ihre Einstellungen, Protokolle und nicht gespeicherte Arbeit löschen, die ${NAME} aufbewahrt hat? Ihre Projektdateien bleiben auf jeden Fall erhalten."
