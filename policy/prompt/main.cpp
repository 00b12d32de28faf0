// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-prompt: asks the person at this terminal what policy leaves to a person.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/program_options.hpp>
#include <csignal>
#include <iostream>
#include <optional>

#include "base/io/paths.hpp"
#include "policy/prompt/agent.hpp"

namespace {

namespace options = boost::program_options;
using policy::prompt::Agent;
using policy::prompt::AgentOptions;
using policy::prompt::Fixed;

constexpr int usage_error = 2;
constexpr unsigned max_timeout = 3600;

struct Settings {
  base::io::Paths paths;
  AgentOptions agent;
};

// nullopt: help was shown.
std::optional<Settings> parse_settings(int argc, char** argv) {
  options::options_description known("sallyport-prompt [options]");
  known.add_options()("help", "show this and exit");
  known.add_options()("root", options::value<std::string>()->default_value("/"),
                      "where run/qubes/policy-agent.sock is");
  known.add_options()("timeout", options::value<unsigned>()->default_value(60),
                      "seconds after which a question is refused");
  known.add_options()("answer", options::value<std::string>(),
                      "yes or no: answer everything so, without a terminal");
  options::variables_map given;
  options::store(options::command_line_parser(argc, argv).options(known).positional({}).run(),
                 given);
  options::notify(given);
  if (given.count("help") != 0) {
    std::cout << known;
    return std::nullopt;
  }
  Settings settings{base::io::Paths(given["root"].as<std::string>()), {}};
  const unsigned timeout = given["timeout"].as<unsigned>();
  if (timeout < 2 || timeout > max_timeout) {
    throw options::error("--timeout must be 2 to 3600 seconds");
  }
  settings.agent.timeout = std::chrono::seconds(timeout);
  if (given.count("answer") != 0) {
    const auto& answer = given["answer"].as<std::string>();
    if (answer != "yes" && answer != "no") throw options::error("--answer must be yes or no");
    settings.agent.fixed = answer == "yes" ? Fixed::yes : Fixed::no;
  }
  return settings;
}

// Ctrl-C refuses the open question, or ends the agent when there is none; other signals end it.
class Signals {
 public:
  Signals(boost::asio::io_context& context, Agent& agent)
      : signals_(context, SIGINT, SIGTERM, SIGHUP), agent_(agent) {
    wait();
  }

 private:
  void wait() { signals_.async_wait(std::bind_front(&Signals::after_signal, this)); }
  void after_signal(const boost::system::error_code& error, int number) {
    if (error) return;
    if (number != SIGINT || !agent_.interrupt()) return agent_.stop("the prompt agent ends");
    wait();
  }

  boost::asio::signal_set signals_;
  Agent& agent_;
};

int fail(const std::string& text) {
  std::cerr << "sallyport-prompt: " << text << "\n";
  return EXIT_FAILURE;
}

int run(const Settings& settings) {
  boost::asio::io_context context(1);
  std::optional<policy::prompt::Terminal> terminal;
  if (settings.agent.fixed == Fixed::none) {
    auto opened = policy::prompt::Terminal::open();
    if (!opened) return fail(opened.error().text);
    terminal.emplace(context, *std::move(opened));
  }
  const auto path = settings.paths.prompt_socket();
  auto listener = policy::prompt::listen_for_questions(path);
  if (!listener) return fail(listener.error().text);
  Agent agent(context, *std::move(listener), settings.agent, terminal ? &*terminal : nullptr);
  const Signals signals(context, agent);
  agent.start();
  context.run();
  std::error_code ignored;  // a socket left behind is replaced by the next agent
  std::filesystem::remove(path, ignored);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto settings = parse_settings(argc, argv);
    return settings ? run(*settings) : EXIT_SUCCESS;
  } catch (const options::error& error) {
    fail(error.what());
    return usage_error;
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
