// SPDX-License-Identifier: GPL-2.0-or-later
// make_docs TEMPLATE RESULT: fills the generated parts into a template.
// make_docs --renew DOCUMENT...: replaces the generated parts in documents of the repository, in place.

#include "docgen/template.hpp"

#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file || text.empty())
        throw std::runtime_error("can't be read or is empty");
    return text;
}

void write(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    if (!(file << text).flush())
        throw std::runtime_error("can't write " + path);
}

void fill_in(const std::string& from, const std::string& to) {
    try {
        write(to, lxcmon::docgen::fill(text_of(from)));
    } catch (const std::exception& error) {
        throw std::runtime_error(from + ": " + error.what());
    }
}

} // namespace

int main(int argument_count, char** arguments) {
    const std::vector<std::string> parameters(arguments + 1, arguments + argument_count);
    const bool renews = !parameters.empty() && parameters.front() == "--renew";
    if (parameters.size() < 2 || (!renews && parameters.size() != 2)) {
        std::cerr << "usage: make_docs TEMPLATE RESULT\n       make_docs --renew DOCUMENT...\n";
        return 2;
    }
    try {
        if (!renews)
            fill_in(parameters[0], parameters[1]);
        for (std::size_t at = 1; renews && at < parameters.size(); ++at)
            fill_in(parameters[at], parameters[at]);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "make_docs: " << error.what() << "\n";
        return 1;
    }
}
