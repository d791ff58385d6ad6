// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

#include <random>
#include <set>

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

/// The text of a damaged file, and the bytes that may have changed.
struct Damage {
    std::string text;
    std::size_t begin = 0, end = 0;
};

class FileDamager {
  public:
    explicit FileDamager(std::uint64_t seed)
        : random_(seed) {}

    Damage damage(std::string text) {
        const std::size_t begin = below(text.size());
        const std::size_t size = 1 + below(std::min<std::size_t>(200, text.size() - begin));
        const std::size_t end = begin + size;
        switch (below(4)) {
        case 0: // flips
            for (std::size_t left = 1 + below(5); left > 0; --left)
                text[begin + below(size)] = static_cast<char>(random_());
            return {text, begin, end};
        case 1:
            return {text.substr(0, begin), begin, text.size()};
        case 2: // a hole, as after a crash of the machine
            std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(begin), size, '\0');
            return {text, begin, end};
        default:
            text.erase(begin, size);
            return {text, begin, end};
        }
    }
    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

  private:
    std::mt19937_64 random_;
};

/// The lines that contain no damaged byte, and so must be delivered. The numbers start with `first`.
std::string untouched(const std::string& json, const Damage& damage, std::size_t first) {
    std::string wanted;
    std::size_t number = first;
    for (std::size_t begin = 0; begin < json.size(); ++number) {
        const std::size_t end = json.find('\n', begin) + 1;
        // Damage to the LF before a line also damages the line: it joins the line before.
        if (end <= damage.begin || begin > damage.end)
            wanted += numbered_lines(number, 1);
        begin = end;
    }
    return wanted;
}

} // namespace

TEST_CASE_FIXTURE(SpoolTest, "spool fuzz: undamaged lines are delivered, whatever the damage") {
    const LogCapture log;
    const auto seed = static_cast<std::uint64_t>(std::random_device{}());
    INFO("seed ", seed);
    FileDamager damager(seed);
    constexpr std::size_t count = 12;
    for (int round = 0; round < 120; ++round) {
        CAPTURE(round);
        std::string wanted;
        for (std::uint64_t number = 1; number <= 3; ++number) {
            const std::size_t first = number * 100;
            const std::string json = numbered_json(first, count);
            const Damage damage = damager.damage(json);
            write(plain_name(number), damage.text);
            wanted += untouched(json, damage, first);
            write(gzip_name(number + 10, count), damager.damage(packed(json)).text);
        }
        {
            Spool spool(settings, hooks);
            REQUIRE_FALSE(spool.open());
            const auto got = lines_of(drain(spool));
            for (const std::string& line : lines_of(wanted))
                REQUIRE_MESSAGE(got.contains(line), line);
            REQUIRE(spool.lines() == 0);
            for (const std::string& name : names())
                REQUIRE(name.ends_with(".bad"));
        }
        std::filesystem::remove_all(settings.folder);
    }
}
