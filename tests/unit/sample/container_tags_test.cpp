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

TEST_CASE("tags of a container, in order of their keys") {
    const CommonTags common{"node1", {{"zone", "b"}, {"cluster", "x"}}};
    CHECK(joined(ContainerTags(common, container("web"))) == "cluster=x container=web host=node1 zone=b ");
    CHECK(joined(ContainerTags({"node1", {}}, container("web"))) == "container=web host=node1 ");
}

TEST_CASE("the container's own host name is told where it is another") {
    CHECK(joined(ContainerTags({"h", {}}, container("101", "web"))) == "container=101 host=h name=web ");
    CHECK(joined(ContainerTags({"h", {}}, container("web", "web"))) == "container=web host=h ");
}

TEST_CASE("a namesake in a later lxcpath says where it is") {
    Container second = container("web");
    second.shadowed = true;
    CHECK(joined(ContainerTags({"h", {}}, second)) == "container=web host=h lxcpath=/var/lib/lxc ");
}

TEST_CASE("tags fit until the host name or the namesake changes") {
    Container web = container("web", "a");
    const ContainerTags tags({"h", {}}, web);
    CHECK(tags.fits(web));
    web.state = "STOPPED";
    CHECK(tags.fits(web));
    web.host_name = "b";
    CHECK_FALSE(tags.fits(web));
    web.host_name = "a";
    web.shadowed = true;
    CHECK_FALSE(tags.fits(web));
}
