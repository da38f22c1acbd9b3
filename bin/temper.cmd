@echo off
rem temper in the editor's terminal: runs the command line with the editor's own Node when the extension names it.
setlocal
set ELECTRON_RUN_AS_NODE=1
if "%TEMPER_NODE%"=="" set TEMPER_NODE=node
"%TEMPER_NODE%" "%~dp0temper.cjs" %*
