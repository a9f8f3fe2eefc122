"""What a model's process may not ask of Linux, and the numbers of it on x86_64 and aarch64. Data only.

A list of what is denied, not of what is allowed: GPU drivers and numerical libraries use hundreds of calls, and a new
one of the kernel's must not break them. Files are Landlock's work; here stands what Landlock does not see."""

from __future__ import annotations

from collections.abc import Mapping

NEVER = (
    # other processes
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "migrate_pages"),
    # memory, semaphores and queues that others share by a number or a name
    *("shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl", "msgget", "msgsnd", "msgrcv", "msgctl"),
    *("mq_open", "mq_unlink"),
    # leaving the group that is ended with the model
    *("setsid", "setpgid"),
    # reaching a socket that someone else listens on
    "connect",
    # mounts and namespaces
    *("mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount"),
    *("open_tree", "open_tree_attr", "mount_setattr", "unshare", "setns"),
    # what files are, which Landlock leaves to whoever owns them, and ways to them that it does not walk
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr", "lsetxattr"),
    *("fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat", "file_setattr"),
    *("utime", "utimes", "futimesat", "utimensat", "open_by_handle_at", "inotify_add_watch"),
    *("fanotify_init", "fanotify_mark", "quotactl", "quotactl_fd"),
    # doors into the kernel that a model has no use for
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd"),
    *("keyctl", "add_key", "request_key", "syslog", "modify_ldt", "iopl", "ioperm"),
    # the machine
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff"),
    *("acct", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "sethostname", "setdomainname", "vhangup"),
)

ARCHITECTURES: Mapping[str, int] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The kernel's own mark of an architecture, which a filter has to look at before it reads a number."""

_BOTH = {
    **{"pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427},
    **{"open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433},
    **{"clone3": 435, "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443},
    **{"fchmodat2": 452, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467, "file_setattr": 469},
}

_X86_64 = {
    **{"shmget": 29, "shmat": 30, "shmctl": 31, "semget": 64, "semop": 65, "semctl": 66, "msgget": 68, "msgsnd": 69},
    **{"msgrcv": 70, "msgctl": 71, "setpriority": 141, "semtimedop": 220, "mq_open": 240, "mq_unlink": 241},
    **{"ioprio_set": 251},
    **{"socket": 41, "connect": 42, "sendto": 44, "sendmsg": 46, "socketpair": 53, "clone": 56, "fork": 57},
    **{
        "vfork": 58,
        "kill": 62,
        "truncate": 76,
        "chmod": 90,
        "fchmod": 91,
        "chown": 92,
        "fchown": 93,
        "lchown": 94,
        "ptrace": 101,
    },
    **{"syslog": 103, "setpgid": 109, "setsid": 112, "rt_sigqueueinfo": 129, "utime": 132, "vhangup": 153},
    **{"modify_ldt": 154, "pivot_root": 155, "prctl": 157, "adjtimex": 159, "chroot": 161, "acct": 163},
    **{"settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169},
    **{"sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175},
    **{"delete_module": 176, "quotactl": 179, "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190},
    **{"removexattr": 197, "lremovexattr": 198, "fremovexattr": 199, "tkill": 200, "clock_settime": 227},
    **{"tgkill": 234, "utimes": 235, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250},
    **{"inotify_add_watch": 254, "migrate_pages": 256, "fchownat": 260, "futimesat": 261, "fchmodat": 268},
    **{"unshare": 272, "move_pages": 279, "utimensat": 280, "rt_tgsigqueueinfo": 297, "perf_event_open": 298},
    **{"fanotify_init": 300, "fanotify_mark": 301, "prlimit64": 302, "open_by_handle_at": 304},
    **{"clock_adjtime": 305, "sendmmsg": 307, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311},
    **{"kcmp": 312, "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323},
}

_AARCH64 = {
    **{"ioprio_set": 30, "setpriority": 140, "mq_open": 180, "mq_unlink": 181, "msgget": 186, "msgctl": 187},
    **{"msgrcv": 188, "msgsnd": 189, "semget": 190, "semctl": 191, "semtimedop": 192, "semop": 193, "shmget": 194},
    **{"shmctl": 195, "shmat": 196},
    **{"setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16},
    **{
        "inotify_add_watch": 27,
        "umount2": 39,
        "mount": 40,
        "pivot_root": 41,
        "truncate": 45,
        "chroot": 51,
        "fchmod": 52,
    },
    **{"fchmodat": 53, "fchownat": 54, "fchown": 55, "vhangup": 58, "quotactl": 60, "utimensat": 88, "acct": 89},
    **{"unshare": 97, "kexec_load": 104, "init_module": 105, "delete_module": 106, "clock_settime": 112},
    **{"syslog": 116, "ptrace": 117, "kill": 129, "tkill": 130, "tgkill": 131, "rt_sigqueueinfo": 138},
    **{"reboot": 142, "setpgid": 154, "setsid": 157, "sethostname": 161, "setdomainname": 162, "prctl": 167},
    **{"settimeofday": 170, "adjtimex": 171, "socket": 198, "socketpair": 199, "connect": 203, "sendto": 206},
    **{"sendmsg": 211, "add_key": 217, "request_key": 218, "keyctl": 219, "clone": 220, "swapon": 224},
    **{"swapoff": 225, "migrate_pages": 238, "move_pages": 239, "rt_tgsigqueueinfo": 240, "perf_event_open": 241},
    **{"prlimit64": 261, "fanotify_init": 262, "fanotify_mark": 263, "open_by_handle_at": 265},
    **{"clock_adjtime": 266, "setns": 268, "sendmmsg": 269, "process_vm_readv": 270, "process_vm_writev": 271},
    **{"kcmp": 272, "finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294},
}

NUMBERS: Mapping[str, Mapping[str, int]] = {"x86_64": _X86_64 | _BOTH, "aarch64": _AARCH64 | _BOTH}
