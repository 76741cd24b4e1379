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
    <message numerus="yes">
        <source>Uses the {0} row(s) that the model was fitted to.</source>
        <translation>
            <numerusform>Uses the {0} row that the model was fitted to.</numerusform>
            <numerusform>Uses the {0} rows that the model was fitted to.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Uses the {0} row(s) that the model was fitted to, whatever the filter is now.</source>
        <translation>
            <numerusform>Uses the {0} row that the model was fitted to, whatever the filter is now.</numerusform>
            <numerusform>Uses the {0} rows that the model was fitted to, whatever the filter is now.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>BrushFlow</name>
    <message numerus="yes">
        <source>{0} row(s) selected</source>
        <translation>
            <numerusform>{0} row selected</numerusform>
            <numerusform>{0} rows selected</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} row(s) selected and marked in the figures</source>
        <translation>
            <numerusform>{0} row selected and marked in the figures</numerusform>
            <numerusform>{0} rows selected and marked in the figures</numerusform>
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
    <name>ColumnEditor</name>
    <message numerus="yes">
        <source>{0} value(s)</source>
        <translation>
            <numerusform>{0} value</numerusform>
            <numerusform>{0} values</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ColumnFlow</name>
    <message numerus="yes">
        <source>C&amp;hange {0} variable(s)…</source>
        <translation>
            <numerusform>C&amp;hange {0} variable…</numerusform>
            <numerusform>C&amp;hange {0} variables…</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Dele&amp;te {0} variable(s)</source>
        <translation>
            <numerusform>Dele&amp;te {0} variable</numerusform>
            <numerusform>Dele&amp;te {0} variables</numerusform>
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
    <name>FileControls</name>
    <message numerus="yes">
        <source>{0}, {1} variable(s)</source>
        <translation>
            <numerusform>{0}, {1} variable</numerusform>
            <numerusform>{0}, {1} variables</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>FilterFlow</name>
    <message numerus="yes">
        <source>Analyses use {0} of {1} row(s)</source>
        <translation>
            <numerusform>Analyses use {0} of {1} row</numerusform>
            <numerusform>Analyses use {0} of {1} rows</numerusform>
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
    <name>Foot</name>
    <message numerus="yes">
        <source>Undo all {0} change(s)</source>
        <translation>
            <numerusform>Undo {0} change</numerusform>
            <numerusform>Undo all {0} changes</numerusform>
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
    <name>ImportPage</name>
    <message numerus="yes">
        <source>All {0} row(s), as they will be read</source>
        <translation>
            <numerusform>The only row, as it will be read</numerusform>
            <numerusform>All {0} rows, as they will be read</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ImportPanel</name>
    <message numerus="yes">
        <source>Import {0} row(s)</source>
        <translation>
            <numerusform>Import {0} row</numerusform>
            <numerusform>Import {0} rows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LayerRow</name>
    <message numerus="yes">
        <source>{0} point(s)</source>
        <translation>
            <numerusform>{0} point</numerusform>
            <numerusform>{0} points</numerusform>
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
    <name>Page</name>
    <message numerus="yes">
        <source>{0} of the first {1} row(s)</source>
        <translation>
            <numerusform>{0} of the first {1} row</numerusform>
            <numerusform>{0} of the first {1} rows</numerusform>
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
    <name>PasteBox</name>
    <message numerus="yes">
        <source>{0} label(s)</source>
        <translation>
            <numerusform>{0} label</numerusform>
            <numerusform>{0} labels</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PlotView</name>
    <message numerus="yes">
        <source>{0} row(s)</source>
        <translation>
            <numerusform>{0} row</numerusform>
            <numerusform>{0} rows</numerusform>
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
    <name>RangePage</name>
    <message numerus="yes">
        <source>Also {0} row(s) where it is missing</source>
        <translation>
            <numerusform>Also {0} row where it is missing</numerusform>
            <numerusform>Also {0} rows where it is missing</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ReportPanel</name>
    <message numerus="yes">
        <source>{0} page(s)</source>
        <translation>
            <numerusform>{0} page</numerusform>
            <numerusform>{0} pages</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SeveralPage</name>
    <message numerus="yes">
        <source>{0} file(s), put together</source>
        <translation>
            <numerusform>{0} file, put together</numerusform>
            <numerusform>{0} files, put together</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Open {0} row(s)</source>
        <translation>
            <numerusform>Open {0} row</numerusform>
            <numerusform>Open {0} rows</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0} row(s)</source>
        <translation>
            <numerusform>{0} row</numerusform>
            <numerusform>{0} rows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SeveralPanel</name>
    <message numerus="yes">
        <source>{0} variable(s)</source>
        <translation>
            <numerusform>{0} variable</numerusform>
            <numerusform>{0} variables</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Delete {0} variable(s)</source>
        <translation>
            <numerusform>Delete {0} variable</numerusform>
            <numerusform>Delete {0} variables</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Side</name>
    <message numerus="yes">
        <source>Make this the style of the project. Figure(s) {0} follow.</source>
        <translation>
            <numerusform>Make this the style of the project. Figure {0} follows.</numerusform>
            <numerusform>Make this the style of the project. Figures {0} follow.</numerusform>
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
<context>
    <name>UpdateFlow</name>
    <message numerus="yes">
        <source>and {0} more</source>
        <translation>
            <numerusform>and {0} more</numerusform>
            <numerusform>and {0} more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ValuesModel</name>
    <message numerus="yes">
        <source>{0}: {1}, {2} row(s)</source>
        <translation>
            <numerusform>{0}: {1}, {2} row</numerusform>
            <numerusform>{0}: {1}, {2} rows</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{0}, {1} row(s)</source>
        <translation>
            <numerusform>{0}, {1} row</numerusform>
            <numerusform>{0}, {1} rows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ValuesPage</name>
    <message numerus="yes">
        <source>{0} value(s)</source>
        <translation>
            <numerusform>{0} value</numerusform>
            <numerusform>{0} values</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Tick at most {0} value(s)</source>
        <translation>
            <numerusform>Tick at most {0} value</numerusform>
            <numerusform>Tick at most {0} values</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>VariablePanel</name>
    <message numerus="yes">
        <source>A new measure, order, reference or missing code marks {0} model(s) as out of date. None is refitted unless you ask.</source>
        <translation>
            <numerusform>A new measure, order, reference or missing code marks {0} model as out of date. None is refitted unless you ask.</numerusform>
            <numerusform>A new measure, order, reference or missing code marks {0} models as out of date. None is refitted unless you ask.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Ordered categories: {0} contrast(s) with the reference category.</source>
        <translation>
            <numerusform>Ordered categories: {0} contrast with the reference category.</numerusform>
            <numerusform>Ordered categories: {0} contrasts with the reference category.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Categories without an order: {0} contrast(s) with the reference category.</source>
        <translation>
            <numerusform>Categories without an order: {0} contrast with the reference category.</numerusform>
            <numerusform>Categories without an order: {0} contrasts with the reference category.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>VariablesFlow</name>
    <message numerus="yes">
        <source>C&amp;hange {0} variable(s)…</source>
        <translation>
            <numerusform>C&amp;hange {0} variable…</numerusform>
            <numerusform>C&amp;hange {0} variables…</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Dele&amp;te {0} variable(s)</source>
        <translation>
            <numerusform>Dele&amp;te {0} variable</numerusform>
            <numerusform>Dele&amp;te {0} variables</numerusform>
        </translation>
    </message>
</context>
</TS>
