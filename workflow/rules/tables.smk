rule tables:
    input:
        [],
