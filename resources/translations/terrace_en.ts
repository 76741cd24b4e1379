<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US" sourcelanguage="en">
<context>
    <name></name>
    <message numerus="yes">
        <source>{0} step(s), {1}</source>
        <translation>
            <numerusform>{0} step, {1}</numerusform>
            <numerusform>{0} steps, {1}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Saved {0} minute(s) ago</source>
        <translation>
            <numerusform>Saved {0} minute ago</numerusform>
            <numerusform>Saved {0} minutes ago</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} model(s)</source>
        <translation>
            <numerusform>{0} model</numerusform>
            <numerusform>{0} models</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} figure(s)</source>
        <translation>
            <numerusform>{0} figure</numerusform>
            <numerusform>{0} figures</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>BuilderFoot</name>
    <message numerus="yes">
        <source>%1 warning(s)</source>
        <translation>
            <numerusform>%1 warning</numerusform>
            <numerusform>%1 warnings</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>CellsFlow</name>
    <message numerus="yes">
        <source>{0} cell(s) refused. {1}</source>
        <translation>
            <numerusform>{0} cell refused. {1}</numerusform>
            <numerusform>{0} cells refused. {1}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} cell(s) copied</source>
        <translation>
            <numerusform>{0} cell copied</numerusform>
            <numerusform>{0} cells copied</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} cell(s) pasted</source>
        <translation>
            <numerusform>{0} cell pasted</numerusform>
            <numerusform>{0} cells pasted</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>DataPane</name>
    <message numerus="yes">
        <source>{0} row(s)</source>
        <translation>
            <numerusform>{0} row</numerusform>
            <numerusform>{0} rows</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} of {1} row(s)</source>
        <translation>
            <numerusform>{0} of {1} row</numerusform>
            <numerusform>{0} of {1} rows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>EntryForm</name>
    <message numerus="yes">
        <source>Add {0} variable(s)</source>
        <translation>
            <numerusform>Add {0} variable</numerusform>
            <numerusform>Add {0} variables</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>FilterStrip</name>
    <message numerus="yes">
        <source>{0} of {1} row(s) shown</source>
        <translation>
            <numerusform>{0} of {1} row shown</numerusform>
            <numerusform>{0} of {1} rows shown</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} row(s) selected in the plot</source>
        <translation>
            <numerusform>{0} row selected in the plot</numerusform>
            <numerusform>{0} rows selected in the plot</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>FindFlow</name>
    <message numerus="yes">
        <source>{0} cell(s) found</source>
        <translation>
            <numerusform>{0} cell found</numerusform>
            <numerusform>{0} cells found</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} cell(s) replaced</source>
        <translation>
            <numerusform>{0} cell replaced</numerusform>
            <numerusform>{0} cells replaced</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>GuidePanel</name>
    <message numerus="yes">
        <source>{0} model(s) in the results, with one table that compares them.</source>
        <translation>
            <numerusform>{0} model in the results.</numerusform>
            <numerusform>{0} models in the results, with one table that compares them.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LevelCard</name>
    <message numerus="yes">
        <source>%1 group(s), %2 rows each</source>
        <translation>
            <numerusform>%1 group, %2 rows each</numerusform>
            <numerusform>%1 groups, %2 rows each</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 parameter(s)</source>
        <translation>
            <numerusform>%1 parameter</numerusform>
            <numerusform>%1 parameters</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LivePanel</name>
    <message numerus="yes">
        <source>%1 fixed effect(s)</source>
        <translation>
            <numerusform>%1 fixed effect</numerusform>
            <numerusform>%1 fixed effects</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%2 variance parameter(s)</source>
        <translation>
            <numerusform>%2 variance parameter</numerusform>
            <numerusform>%2 variance parameters</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 row(s) used</source>
        <translation>
            <numerusform>%1 row used</numerusform>
            <numerusform>%1 rows used</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 is missing in %2 row(s)</source>
        <translation>
            <numerusform>%1 is missing in %2 row</numerusform>
            <numerusform>%1 is missing in %2 rows</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1: %2 group(s) of %3 rows</source>
        <translation>
            <numerusform>%1: %2 group of %3 rows</numerusform>
            <numerusform>%1: %2 groups of %3 rows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MoreSection</name>
    <message numerus="yes">
        <source>%1 constraint(s)</source>
        <translation>
            <numerusform>%1 constraint</numerusform>
            <numerusform>%1 constraints</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ProjectFlow</name>
    <message numerus="yes">
        <source>and {0} more</source>
        <translation>
            <numerusform>and {0} more</numerusform>
            <numerusform>and {0} more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message numerus="yes">
        <source>{0} row(s)</source>
        <translation>
            <numerusform>{0} row</numerusform>
            <numerusform>{0} rows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message numerus="yes">
        <source>{0} row(s) shown</source>
        <translation>
            <numerusform>{0} row shown</numerusform>
            <numerusform>{0} rows shown</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} row(s)</source>
        <translation>
            <numerusform>{0} row</numerusform>
            <numerusform>{0} rows</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} variable(s)</source>
        <translation>
            <numerusform>{0} variable</numerusform>
            <numerusform>{0} variables</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} model(s)</source>
        <translation>
            <numerusform>{0} model</numerusform>
            <numerusform>{0} models</numerusform>
        </translation>
    </message>
</context>
</TS>
