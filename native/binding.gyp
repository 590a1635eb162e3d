{
    # native/bpf/generated must exist: scripts/buildNative.mjs makes it, and then runs node-gyp.
    'targets': [
        {
            'target_name': 'guestmem',
            'sources': [
                '<!@(cd src && find . -name "*.cc" -o -name "*.c" | sed s,^.,src, | sort)',
            ],
            'include_dirs': ['src', 'bpf', '<!(node -p "require(\'node-addon-api\').include_dir")'],
            'defines': ['NAPI_VERSION=8', 'NAPI_CPP_EXCEPTIONS'],
            'cflags': ['-Wall', '-Wextra', '-fvisibility=hidden'],
            'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17'],
            'cflags_cc': ['-std=c++17', '-fexceptions'],
        },
    ],
}
