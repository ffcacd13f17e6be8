#!/bin/sh
# Stands in for `locale -a`: names the locales in the folder of LOCPATH.
cd -- "$LOCPATH" && printf '%s\n' C POSIX *
