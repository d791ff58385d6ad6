// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/standard_output.hpp"

#include "io/write_all.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

namespace lxcmon::app {

void print(std::string_view text) {
    std::size_t written = 0;
    const int error = io::write_all_waiting(STDOUT_FILENO, text, written);
    if (error == EPIPE)
        throw ReaderGone("the reader of standard output has exited");
    if (error != 0)
        throw std::runtime_error("standard output can't be written: " +
                                 std::generic_category().message(error));
}

} // namespace lxcmon::app
