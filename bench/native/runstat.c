/*
 * runstat: runs a command and says what it cost.
 *
 * Written in C because a process is charged, until it calls exec, with the memory of the one that forked it.
 *
 * usage: runstat OUTPUT_FILE COMMAND [ARGUMENT...]
 * OUTPUT_FILE gets one JSON object; times in seconds of the command and all its children that were waited for, memory
 * as the peak resident set of the largest of them; when it began and ended, on CLOCK_MONOTONIC, and when it ended as
 * files have it. Exits as the command did (128 + signal when killed by one).
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double in_seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

int main(int count, char **argument) {
    if (count < 3) errx(2, "usage: runstat OUTPUT_FILE COMMAND [ARGUMENT...]");
    double began = seconds_of(CLOCK_MONOTONIC);
    pid_t child = fork();
    if (child < 0) err(1, "fork");
    if (child == 0) {
        execvp(argument[2], argument + 2);
        err(127, "%s", argument[2]);
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0) err(1, "wait4");
    double ended = seconds_of(CLOCK_MONOTONIC), ended_real = seconds_of(CLOCK_REALTIME);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    FILE *output = fopen(argument[1], "w");
    if (output == NULL) err(1, "%s", argument[1]);
    fprintf(output,
            "{\"exitCode\":%d,\"wallSeconds\":%.6f,\"userSeconds\":%.6f,\"systemSeconds\":%.6f,\"peakRssBytes\":%ld,"
            "\"voluntarySwitches\":%ld,\"involuntarySwitches\":%ld,\"beganAt\":%.6f,\"endedAt\":%.6f,\"endedAtFileTime\":%.6f}\n",
            code, ended - began, in_seconds(usage.ru_utime), in_seconds(usage.ru_stime), usage.ru_maxrss * 1024L, usage.ru_nvcsw,
            usage.ru_nivcsw, began, ended, ended_real);
    fclose(output);
    return code;
}
