// SPDX-License-Identifier: GPL-2.0-or-later
// The session and descriptors: read twice before the target's kernel sees anything, answered from a
// copy, compared after a reset.
#include <cerrno>
#include <functional>

#include "tests/usbproxy/session_rig.hpp"

namespace usbproxy {
namespace {

using namespace test;
using redir::ControlPacket;

constexpr usbip::Setup get(std::uint16_t value, std::uint16_t length, std::uint16_t index = 0) {
  return {0x80, 0x06, value, index, length};
}

TEST(SessionPin, AnswersEveryDescriptorFromTheCopy) {
  Rig rig;
  rig.connect();
  std::uint32_t seqnum = 1;
  const auto answer = [&](usbip::Setup setup) {
    rig.submit(Rig::control(++seqnum, setup));
    return rig.reply();
  };
  EXPECT_EQ(answer(get(0x0100, 64)).data, rig.described.device);
  EXPECT_EQ(answer(get(0x0100, 8)).data.size(), 8U);
  const Bytes& configuration = rig.described.configurations.front();
  EXPECT_EQ(answer(get(0x0200, 9)).data, Bytes(configuration.begin(), configuration.begin() + 9));
  EXPECT_EQ(answer(get(0x0200, 0xffff)).data, configuration);
  EXPECT_EQ(answer(get(0x0300, 255)).data, rig.described.strings.at(0));
  EXPECT_EQ(answer(get(0x0303, 255, 0x0409)).data, rig.described.strings.at(3));
  EXPECT_EQ(answer({0x81, 0x06, 0x2200, 1, 4096}).data, keyboard_report);
  const Bytes hid = answer({0x81, 0x06, 0x2100, 1, 9}).data;
  EXPECT_EQ(hid, from_hex("09 21 11 01 00 01 22 3f 00"));
  // What is not there stalls: a qualifier, another configuration, string, language or interface.
  for (const usbip::Setup& setup :
       {get(0x0600, 10), get(0x0201, 9), get(0x0304, 255, 0x0409), get(0x03ee, 255, 0x0409),
        get(0x0303, 255, 0x0407), get(0x0f00, 5), usbip::Setup{0x81, 0x06, 0x2200, 0, 64},
        usbip::Setup{0x81, 0x06, 0x2200, 300, 64}, usbip::Setup{0x81, 0x06, 0x2300, 1, 64}}) {
    EXPECT_EQ(answer(setup).status, -EPIPE) << std::hex << setup.value;
  }
  EXPECT_TRUE(rig.packets().empty());  // the device was asked nothing
}

TEST(SessionPin, AShortDescriptorIsAnErrorOnlyWhenThatWasAsked) {
  Rig rig;
  rig.connect();
  auto submit = Rig::control(1, get(0x0100, 64));
  submit.flags = usbip::flag::short_not_ok;
  rig.submit(submit);
  const auto reply = rig.reply();
  EXPECT_EQ(reply.status, -EREMOTEIO);
  EXPECT_EQ(reply.actual, 18U);
}

TEST(SessionPin, TheKernelIsToldNothingBefore) {
  Rig rig;
  rig.introduce();
  rig.submit(Rig::control(1, get(0x0100, 18)));
  EXPECT_EQ(rig.reply().status, -ENODEV);
  EXPECT_FALSE(rig.session.ready());
}

// Device, configuration's head and whole, languages, three strings, a report; the second time
// without the head.
TEST(SessionPin, AsksForEverythingTwice) {
  Rig rig;
  rig.introduce();
  EXPECT_EQ(rig.answer_questions(), 8 + 7);
  EXPECT_TRUE(rig.session.ready());
}

TEST(SessionPin, ADifferenceInTheSecondAnswerIsTheEnd) {
  for (int changed = 8; changed < 15; ++changed) {
    Rig rig;
    rig.introduce();
    for (int asked = 0; !rig.session.end();) {
      auto all = rig.packets();
      if (all.empty()) break;
      if (all.front().type == PacketType::get_configuration) {
        rig.host(PacketType::configuration_status, all.front().id,
                 redir::ConfigurationStatus{0, 1});
        continue;
      }
      if (asked++ == changed) {
        for (Bytes* bytes :
             {&rig.described.device, &rig.described.configurations.front(),
              &rig.described.strings[0], &rig.described.strings[1], &rig.described.strings[2],
              &rig.described.strings[3], &rig.described.reports[1]}) {
          bytes->back() ^= std::byte{1};
        }
      }
      rig.answer_question(all.front());
    }
    ASSERT_TRUE(rig.session.end()) << changed;
    EXPECT_EQ(rig.session.end()->reason, EndReason::refused);
    EXPECT_EQ(rig.end_text().rfind("the device does not say the same twice: ", 0), 0U)
        << rig.end_text();
    EXPECT_FALSE(rig.session.ready());
  }
}

TEST(SessionPin, AnAnswerThatStopsComingIsADifferenceToo) {
  Rig rig;
  rig.introduce();
  for (int asked = 0; !rig.session.end();) {
    auto all = rig.packets();
    ASSERT_FALSE(all.empty());
    if (all.front().type == PacketType::get_configuration) {
      rig.host(PacketType::configuration_status, all.front().id, redir::ConfigurationStatus{0, 1});
      continue;
    }
    if (asked++ == 8) rig.described.strings.erase(3);
    rig.answer_question(all.front());
  }
  EXPECT_EQ(rig.end_text(),
            "the device does not say the same twice: string 3, offset 0: the device gave it "
            "before, and does not now");
}

std::string end_of(const std::function<void(Rig&)>& change,
                   std::optional<Identity> expected = std::nullopt) {
  Rig rig(std::move(expected));
  change(rig);
  rig.introduce();
  rig.answer_questions();
  EXPECT_FALSE(rig.session.ready());
  return rig.end_text();
}

TEST(SessionPin, BrokenDescriptorsAreRefusedWithTheirByte) {
  EXPECT_EQ(end_of([](Rig& rig) { rig.described.configurations[0][22] = std::byte{8}; }),
            "the device's descriptors break the rules: configuration 1, offset 22: endpoint 0x81: "
            "wMaxPacketSize 520 is not 512 (USB 2.0, 5.8.3)");
  EXPECT_EQ(end_of([](Rig& rig) { rig.described.device.clear(); }),
            "the device's descriptors break the rules: device descriptor, offset 0: bLength 0 of 0 "
            "bytes; a device descriptor has 18 (USB 2.0, 9.6.1)");
  EXPECT_EQ(end_of([](Rig& rig) { rig.described.reports.clear(); }),
            "the device's descriptors break the rules: HID report descriptor of interface 1, "
            "offset 0: the device does not give it");
}

TEST(SessionPin, TheBackendsTablesMustSayTheSame) {
  EXPECT_EQ(end_of([](Rig& rig) { rig.described.device[12] = std::byte{7}; }),
            "the backend introduced another device than its descriptors describe");
  EXPECT_EQ(end_of([](Rig& rig) { rig.described.configurations[0][56] = std::byte{5}; }),
            "endpoint 0x83 is not for the backend what it is in the device's descriptors");
  EXPECT_EQ(end_of([](Rig& rig) {
              rig.described.configurations[0][39] = std::byte{0};  // both settings of interface 1
              rig.described.configurations[0][78] = std::byte{0};
            }),
            "interface 1 is of one kind for the backend, and of another in the device's "
            "descriptors");
}

TEST(SessionPin, TheSerialNumberIsPartOfWhatWasApproved) {
  EXPECT_EQ(end_of([](Rig& rig) { rig.described.strings[3] = string_of("60A44D"); },
                   *Identity::parse("0951:1666:60A44C:u080650u030101")),
            "device has serial number '60A44D', but '60A44C' was approved");
  EXPECT_EQ(end_of([](Rig& rig) { rig.described.strings.clear(); },
                   *Identity::parse("0951:1666:60A44C:u080650u030101")),
            "device has serial number '', but '60A44C' was approved");
}

TEST(SessionPin, AnotherClassInAnotherSettingWasNotApproved) {
  EXPECT_EQ(end_of(
                [](Rig& rig) {
                  // The keyboard's alternate setting becomes a storage's, without a HID descriptor.
                  Bytes& bytes = rig.described.configurations[0];
                  bytes[76] = std::byte{0x0e};
                },
                *Identity::parse("0951:1666:60A44C:u080650u030101")),
            "alternate setting 1 of interface 1 is of class 0x0e, which the approved identity does "
            "not have");
}

TEST(SessionPin, AnswersOfTheBackendAreHeldToTheQuestion) {
  const auto first_question = [](Rig& rig) {
    rig.introduce();
    rig.host(PacketType::configuration_status, rig.packet().id, redir::ConfigurationStatus{0, 1});
    return rig.packet();
  };
  {
    Rig rig;
    const auto question = first_question(rig);
    rig.control_reply(question, 19);
    EXPECT_EQ(rig.end_text(), "protocol violation: control reply longer than asked");
  }
  {
    Rig rig;
    auto question = first_question(rig);
    std::get<ControlPacket>(question.body).value = 0x0200;
    rig.control_reply(question, 18);
    EXPECT_EQ(rig.end_text(), "protocol violation: control reply to another request");
  }
  {
    Rig rig;
    auto question = first_question(rig);
    question.id = 1;
    rig.control_reply(question, 18);
    EXPECT_EQ(rig.end_text(), "protocol violation: control reply that answers no request");
  }
  {
    Rig rig;
    first_question(rig);
    rig.host(PacketType::ep_info, 0, Rig::endpoints());
    EXPECT_EQ(rig.end_text(),
              "protocol violation: interface or endpoint table that nobody asked for");
  }
  {
    Rig rig;
    rig.introduce();
    rig.host(PacketType::configuration_status, rig.packet().id, redir::ConfigurationStatus{0, 3});
    rig.answer_questions();
    EXPECT_EQ(rig.end_text(),
              "the device's descriptors break the rules: device, offset 0: the configuration in "
              "use, 3, is none of those that it describes");
  }
}

TEST(SessionPin, ASlowDeviceHasFifteenSeconds) {
  Rig rig;
  rig.introduce();
  rig.pass(14s);
  rig.answer_questions();
  EXPECT_TRUE(rig.session.ready());
  Rig silent;
  silent.introduce();
  EXPECT_EQ(silent.session.next_deadline(), silent.now + 15s);
  silent.pass(15s);
  EXPECT_EQ(silent.end_text(), "the device did not show all its descriptors within 15 s");
  EXPECT_EQ(silent.session.end()->reason, EndReason::silent);
}

// In use: configuration 1, and the kernel resets the port.
void reset(Rig& rig) {
  rig.connect();
  rig.submit(Rig::control(1, set_config));
  rig.host(PacketType::configuration_status, 1, redir::ConfigurationStatus{0, 1});
  rig.packets();
  rig.replies();
  rig.submit(Rig::control(2, get(0x0100, 64)));
  EXPECT_EQ(rig.reply().data, rig.described.device);  // at once, from the copy
}

TEST(SessionPin, AfterAResetNothingGoesOnBeforeTheDeviceIsFoundToBeTheSame) {
  Rig rig;
  reset(rig);
  rig.submit(Rig::control(3, get(0x0200, 512)));
  EXPECT_EQ(rig.reply().data, rig.described.configurations.front());
  rig.submit(Rig::control(4, set_config));
  rig.submit(Rig::control(5, get_report));
  rig.submit(Rig::urb(6, 0x81, 512));
  EXPECT_EQ(rig.reply().status, -EPROTO);
  auto sent = rig.packets();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].type, PacketType::reset);
  rig.unlink(7, 5);  // what waits can be taken back
  EXPECT_EQ(rig.reply().status, -ECONNRESET);
  EXPECT_EQ(rig.session.next_deadline(), rig.now + 15s);
  rig.answer_question(sent[1]);
  for (int left = 6; left > 0; --left) {
    sent = rig.packets();
    ASSERT_EQ(sent.size(), 1U);
    ASSERT_EQ(sent[0].type, PacketType::control_packet);
    rig.answer_question(sent[0]);
  }
  const auto configuration = rig.packet();
  EXPECT_EQ(configuration.type, PacketType::set_configuration);
  rig.host(PacketType::configuration_status, configuration.id, redir::ConfigurationStatus{0, 1});
  EXPECT_EQ(rig.reply().seqnum, 4U);
  rig.submit(Rig::urb(8, 0x81, 512));
  EXPECT_EQ(rig.packet().type, PacketType::bulk_packet);
}

TEST(SessionPin, AnotherDeviceAfterAResetIsTheEnd) {
  Rig rig;
  reset(rig);
  rig.submit(Rig::control(4, set_config));
  rig.described.strings[3] = string_of("60A44D");
  for (auto all = rig.packets(); !all.empty() && !rig.session.end(); all = rig.packets()) {
    for (const SentPacket& one : all) {
      if (one.type == PacketType::control_packet) rig.answer_question(one);
    }
  }
  EXPECT_EQ(rig.end_text(),
            "the device came back from a reset as another one: string 3, offset 12: it is not what "
            "it was when it was read before");
  EXPECT_EQ(rig.session.end()->reason, EndReason::changed);
  EXPECT_EQ(rig.reply().status, -ENODEV);
}

TEST(SessionPin, ADeviceThatIsSilentAfterAResetIsTheEnd) {
  Rig rig;
  reset(rig);
  rig.submit(Rig::control(4, set_config));
  rig.pass(15s);
  EXPECT_EQ(rig.session.end()->reason, EndReason::silent);
  EXPECT_EQ(rig.reply().status, -ENODEV);
}

redir::EpInfo without_the_isochronous() {
  auto info = Rig::endpoints();
  const auto slot = redir::slot_of(0x85);
  info.type[slot] = redir::endpoint_type::invalid;
  return info;
}

TEST(SessionPin, TablesOfAnotherSettingMustBeThoseOfItsDescriptors) {
  {
    Rig rig;
    rig.connect();
    rig.submit(Rig::control(1, {0x01, 0x0b, 1, 1, 0}));
    rig.host(PacketType::interface_info, 0, Rig::interfaces());
    rig.host(PacketType::ep_info, 0, without_the_isochronous());
    rig.host(PacketType::alt_setting_status, 1, redir::AltSettingStatus{0, 1, 1});
    EXPECT_FALSE(rig.session.end()) << rig.end_text();
    EXPECT_EQ(rig.session.setting().alternates[1], 1);
    EXPECT_EQ(rig.reply().status, 0);
  }
  {
    Rig rig;
    rig.connect();
    rig.submit(Rig::control(1, {0x01, 0x0b, 1, 1, 0}));
    auto endpoints = without_the_isochronous();
    endpoints.interval[redir::slot_of(0x83)] = 1;
    rig.host(PacketType::interface_info, 0, Rig::interfaces());
    rig.host(PacketType::ep_info, 0, endpoints);
    EXPECT_EQ(rig.end_text(),
              "endpoint 0x83 is not for the backend what it is in the device's descriptors");
  }
  {
    Rig rig;
    rig.connect();
    rig.submit(Rig::control(1, {0x01, 0x0b, 1, 1, 0}));
    rig.host(PacketType::alt_setting_status, 1, redir::AltSettingStatus{0, 1, 1});
    EXPECT_EQ(rig.end_text(),
              "protocol violation: an alternate setting that the tables are not of");
  }
}

TEST(SessionPin, ARefusedSettingIsNotTheOneInUse) {
  {  // its tables are those of the old one
    Rig rig;
    rig.connect();
    rig.submit(Rig::control(1, {0x01, 0x0b, 1, 1, 0}));
    rig.host(PacketType::interface_info, 0, Rig::interfaces());
    rig.host(PacketType::ep_info, 0, Rig::endpoints());
    rig.host(PacketType::alt_setting_status, 1, redir::AltSettingStatus{4, 1, 0});
    EXPECT_FALSE(rig.session.end()) << rig.end_text();
    EXPECT_EQ(rig.session.setting().alternates[1], 0);
    EXPECT_EQ(rig.reply().status, -EPIPE);
  }
  {  // a configuration with the same tables
    Rig rig;
    rig.described.device[17] = std::byte{2};
    rig.described.configurations.push_back(rig.described.configurations.front());
    rig.described.configurations[1][5] = std::byte{2};
    rig.connect();
    rig.submit(Rig::control(1, {0x00, 0x09, 2, 0, 0}));
    rig.host(PacketType::interface_info, 0, Rig::interfaces());
    rig.host(PacketType::ep_info, 0, Rig::endpoints());
    rig.host(PacketType::configuration_status, 1, redir::ConfigurationStatus{3, 1});
    EXPECT_FALSE(rig.session.end()) << rig.end_text();
    EXPECT_EQ(rig.session.setting().configuration, 1);
    rig.submit(Rig::control(2, {0x00, 0x09, 2, 0, 0}));
    rig.host(PacketType::interface_info, 0, Rig::interfaces());
    rig.host(PacketType::ep_info, 0, Rig::endpoints());
    rig.host(PacketType::configuration_status, 2, redir::ConfigurationStatus{0, 2});
    EXPECT_EQ(rig.session.setting().configuration, 2);
    // The report was read in the other configuration.
    rig.replies();
    rig.submit(Rig::control(3, {0x81, 0x06, 0x2200, 1, 63}));
    EXPECT_EQ(rig.reply().status, -EPIPE);
  }
  {  // the tables are of the one that was refused
    Rig rig;
    rig.connect();
    rig.submit(Rig::control(1, {0x01, 0x0b, 1, 1, 0}));
    rig.host(PacketType::interface_info, 0, Rig::interfaces());
    rig.host(PacketType::ep_info, 0, without_the_isochronous());
    rig.host(PacketType::alt_setting_status, 1, redir::AltSettingStatus{4, 1, 0});
    EXPECT_EQ(rig.end_text(), "protocol violation: tables of a setting that was refused");
  }
}

TEST(SessionPin, ALateAnswerToAQuestionAnswersNothing) {
  Rig rig;
  rig.introduce();
  std::vector<SentPacket> questions;
  for (auto all = rig.packets(); !all.empty(); all = rig.packets()) {
    questions.push_back(all.front());
    if (all.front().type == PacketType::get_configuration) {
      rig.host(PacketType::configuration_status, all.front().id, redir::ConfigurationStatus{0, 1});
    } else {
      rig.answer_question(all.front());
    }
  }
  ASSERT_TRUE(rig.session.ready());
  for (const std::uint64_t id : {std::uint64_t{0}, questions.back().id}) {
    Rig other;
    other.connect();
    SentPacket again = questions.back();
    again.id = id;
    other.answer_question(again);
    EXPECT_EQ(other.end_text(), "protocol violation: control reply that answers no request");
  }
}

TEST(SessionPin, SettingsThatDoNotExistAreRefusedHere) {
  Rig rig;
  rig.connect();
  std::uint32_t seqnum = 1;
  for (const usbip::Setup& setup :
       {usbip::Setup{0x00, 0x09, 2, 0, 0}, usbip::Setup{0x00, 0x09, 0x101, 0, 0},
        usbip::Setup{0x01, 0x0b, 2, 1, 0}, usbip::Setup{0x01, 0x0b, 0, 2, 0},
        usbip::Setup{0x01, 0x0b, 0, 0x101, 0}, usbip::Setup{0x81, 0x0a, 0, 2, 1}}) {
    rig.submit(Rig::control(seqnum++, setup));
    EXPECT_EQ(rig.reply().status, -EPIPE);
  }
  EXPECT_TRUE(rig.packets().empty());
}

TEST(SessionPin, RequestsThatTheRulesRefuseDoNotReachTheDevice) {
  constexpr usbip::Setup vendor_read{0xc0, 0x01, 0, 0, 16};
  Rig rig;
  rig.connect();
  rig.submit(Rig::control(1, vendor_read));
  EXPECT_EQ(rig.reply().status, -EPIPE);
  EXPECT_TRUE(rig.packets().empty());
  Rig loose(std::nullopt, *firewall::Rights::parse("vendor-requests=yes"));
  loose.connect();
  loose.submit(Rig::control(1, vendor_read));
  EXPECT_EQ(loose.packet().type, PacketType::control_packet);
}

}  // namespace
}  // namespace usbproxy
