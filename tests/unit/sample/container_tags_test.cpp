// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/container_tags.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon;
using sample::CommonTags;
using sample::ContainerTags;

namespace {

std::string joined(const ContainerTags& tags) {
    std::string text;
    for (const Tag& tag : tags.all())
        text += std::string(tag.key) + "=" + std::string(tag.value) + " ";
    return text;
}

Container container(const std::string& name, const std::string& host_name = "") {
    Container made;
    made.lxcpath = "/var/lib/lxc";
    made.name = name;
    made.host_name = host_name;
    return made;
}

} // namespace

TEST_CASE("the tags of a container are sorted by key") {
    const CommonTags common{"node1", {{"zone", "b"}, {"cluster", "x"}}};
    CHECK(joined(ContainerTags(common, container("web"))) == "cluster=x container=web host=node1 zone=b ");
    CHECK(joined(ContainerTags({"node1", {}}, container("web"))) == "container=web host=node1 ");
}

TEST_CASE("the container's host name is a tag if it differs from its name") {
    CHECK(joined(ContainerTags({"h", {}}, container("101", "web"))) == "container=101 host=h name=web ");
    CHECK(joined(ContainerTags({"h", {}}, container("web", "web"))) == "container=web host=h ");
}

TEST_CASE("a container of the same name in a later lxcpath has the tag lxcpath") {
    Container second = container("web");
    second.shadowed = true;
    CHECK(joined(ContainerTags({"h", {}}, second)) == "container=web host=h lxcpath=/var/lib/lxc ");
}

TEST_CASE("names are cleaned as line protocol holds them") {
    Container odd = container("my\001db", "h\\x");
    odd.lxcpath = "/l\xff";
    odd.shadowed = true;
    CHECK(joined(ContainerTags({"h", {}}, odd)) == "container=my_db host=h lxcpath=/l\xef\xbf\xbd name=h/x ");
}

TEST_CASE("tags match until the host name changes or a container of the same name appears") {
    Container web = container("web", "a");
    const ContainerTags tags({"h", {}}, web);
    CHECK(tags.matches(web));
    web.state = "STOPPED";
    CHECK(tags.matches(web));
    web.host_name = "b";
    CHECK_FALSE(tags.matches(web));
    web.host_name = "a";
    web.shadowed = true;
    CHECK_FALSE(tags.matches(web));
}
