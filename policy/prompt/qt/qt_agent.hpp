// SPDX-License-Identifier: GPL-2.0-or-later
// The desktop's prompt agent: takes questions one at a time and answers them from a window.
#pragma once

#include <QObject>
#include <QSocketNotifier>
#include <QTimer>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/paths.hpp"
#include "policy/prompt/qt/prompt_window.hpp"
#include "policy/prompt/qt/scan_window.hpp"

namespace policy::prompt::qt {

class QtAgent : public QObject {
 public:
  // Questions that wait behind the open one, and connections that have not said theirs; more are
  // refused.
  static constexpr std::size_t max_waiting = 8;
  static constexpr std::size_t max_reading = 16;

  // Each listener is a Unix stream socket that does not block.
  QtAgent(std::vector<base::io::Fd> listeners, std::chrono::seconds patience,
          base::io::Paths paths);
  // Refuses what is open or waiting.
  ~QtAgent() override;
  QtAgent(const QtAgent&) = delete;
  QtAgent& operator=(const QtAgent&) = delete;
  QtAgent(QtAgent&&) = delete;
  QtAgent& operator=(QtAgent&&) = delete;

 private:
  class Asker;

  void accept(const base::io::Fd& listener);
  void work_off();
  void take(std::unique_ptr<Asker> asker);
  void send(const Choice& choice);
  // False: too many are being scanned already.
  bool scan_first(const io::Question& question);
  void close();
  void show_next();
  void look_for_the_gone();

  std::vector<base::io::Fd> listeners_;
  std::vector<std::unique_ptr<QSocketNotifier>> notifiers_;
  std::chrono::seconds patience_;
  base::io::Paths paths_;
  QTimer work_;   // what callbacks leave to be done outside of them
  QTimer watch_;  // for askers that hang up, while there are any
  std::vector<std::unique_ptr<Asker>> reading_;
  std::deque<std::unique_ptr<Asker>> waiting_;
  std::unique_ptr<Asker> open_;
  std::unique_ptr<PromptWindow> window_;
  std::optional<Choice> choice_;  // made, and not yet sent
  std::vector<std::unique_ptr<ScanWindow>> scans_;
  std::vector<ScanWindow*> closed_;  // of these
};

}  // namespace policy::prompt::qt
