// SPDX-License-Identifier: GPL-2.0-or-later
// The window of a medium that is scanned before anybody gets it: how far it is, then the report.
#pragma once

#include <QProcess>
#include <QWidget>
#include <functional>
#include <string>
#include <vector>

#include "policy/io/question.hpp"

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace policy::prompt::qt {

// Closing it ends the scan, if it still runs. Texts are plain; names on the medium come escaped.
class ScanWindow : public QWidget {
 public:
  using OnClosed = std::function<void(ScanWindow*)>;

  // `command`: scan_command(). `on_closed` runs once, from within the window.
  ScanWindow(const io::Question& question, const std::vector<std::string>& command,
             OnClosed on_closed);
  ~ScanWindow() override;
  ScanWindow(const ScanWindow&) = delete;
  ScanWindow& operator=(const ScanWindow&) = delete;
  ScanWindow(ScanWindow&&) = delete;
  ScanWindow& operator=(ScanWindow&&) = delete;

  bool runs() const { return process_.state() != QProcess::NotRunning; }

 protected:
  void closeEvent(QCloseEvent* event) override;

 private:
  // Of a report, which lists findings: more is cut.
  static constexpr qsizetype max_report = qsizetype{256} * 1024;

  void hear();
  void ended(int exit_code);

  io::Question question_;
  OnClosed on_closed_;
  QProcess process_;
  QByteArray report_;
  std::string last_words_;
  // They belong to the window.
  QLabel* state_ = nullptr;
  QPlainTextEdit* shown_report_ = nullptr;
  QPushButton* close_ = nullptr;
};

}  // namespace policy::prompt::qt
