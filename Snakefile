"""The workflow is workflow/Snakefile; this one lets `snakemake` find it from here."""


include: "workflow/Snakefile"


# An included file cannot set the default target.
rule default:
    default_target: True
    input:
        rules.all.input,
