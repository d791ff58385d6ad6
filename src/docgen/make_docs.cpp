// make_docs TEMPLATE RESULT: fills in what comes from the tables. They may be the same file (README.md).

#include "docgen/template.hpp"

#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

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

} // namespace

int main(int argument_count, char** arguments) {
    if (argument_count != 3) {
        std::cerr << "usage: make_docs TEMPLATE RESULT\n";
        return 2;
    }
    try {
        write(arguments[2], lxcmon::docgen::fill(text_of(arguments[1])));
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "make_docs: " << arguments[1] << ": " << error.what() << "\n";
        return 1;
    }
}
