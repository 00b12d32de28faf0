// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/qt/scan_window.hpp"

#include <QCloseEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>
#include <utility>

#include "policy/prompt/scan_first.hpp"
#include "policy/prompt/view.hpp"

namespace policy::prompt::qt {
namespace {

constexpr int least_width = 560;
constexpr int lines_of_a_report = 14;
constexpr int ends_within_ms = 2000;

QStringList arguments_of(const std::vector<std::string>& command) {
  QStringList arguments;
  for (std::size_t i = 1; i < command.size(); ++i) arguments << QString::fromStdString(command[i]);
  return arguments;
}

}  // namespace

ScanWindow::ScanWindow(const io::Question& question, const std::vector<std::string>& command,
                       OnClosed on_closed)
    : question_(question), on_closed_(std::move(on_closed)) {
  const QString device = QString::fromStdString(shown(question.scan_first));
  const QString qube = QString::fromStdString(shown(question.scan_for));
  setWindowTitle("Sallyport: scanning " + device);
  setMinimumWidth(least_width);
  auto* layout = new QVBoxLayout(this);
  auto* what = new QLabel;
  what->setTextFormat(Qt::PlainText);
  what->setWordWrap(true);
  what->setText(device + " is read into a snapshot and scanned. If it is clean, you are asked " +
                "whether " + qube + " may have the snapshot.");
  layout->addWidget(what);
  state_ = new QLabel;
  state_->setTextFormat(Qt::PlainText);
  state_->setWordWrap(true);
  layout->addWidget(state_);
  shown_report_ = new QPlainTextEdit;
  shown_report_->setReadOnly(true);
  shown_report_->setTabChangesFocus(true);
  shown_report_->setAccessibleName("Report");
  shown_report_->setMinimumHeight(shown_report_->fontMetrics().lineSpacing() * lines_of_a_report);
  shown_report_->setVisible(false);
  layout->addWidget(shown_report_, 1);
  auto* row = new QHBoxLayout;
  layout->addLayout(row);
  row->addStretch(1);
  close_ = new QPushButton("&End the scan");
  QObject::connect(close_, &QPushButton::clicked, this, [this] { close(); });
  row->addWidget(close_);

  QObject::connect(&process_, &QProcess::readyReadStandardOutput, this, [this] { hear(); });
  QObject::connect(&process_, &QProcess::readyReadStandardError, this, [this] { hear(); });
  QObject::connect(&process_, &QProcess::finished, this,
                   [this](int exit_code) { ended(exit_code); });
  QObject::connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;  // any other ends it as well
    last_words_ = process_.errorString().toStdString();
    ended(-1);
  });
  process_.setStandardInputFile(QProcess::nullDevice());
  process_.start(QString::fromStdString(command.front()), arguments_of(command));
  if (runs()) state_->setText("It begins.");
}

ScanWindow::~ScanWindow() {
  process_.disconnect(this);
  if (!runs()) return;
  process_.terminate();
  if (!process_.waitForFinished(ends_within_ms)) process_.kill();
}

void ScanWindow::closeEvent(QCloseEvent* event) {
  event->accept();
  if (const OnClosed on_closed = std::exchange(on_closed_, nullptr)) on_closed(this);
}

void ScanWindow::hear() {
  const QByteArray more = process_.readAllStandardOutput();
  report_ += more.left(max_report - report_.size());
  const QByteArray said = process_.readAllStandardError();
  const auto lines = said.split('\n');
  for (const QByteArray& line : lines) {
    if (!line.isEmpty()) last_words_ = line.toStdString();
  }
  state_->setText(QString::fromStdString(shown(last_words_)));
}

void ScanWindow::ended(int exit_code) {
  if (exit_code >= 0) hear();
  const bool whole = process_.exitStatus() == QProcess::NormalExit;
  state_->setText(
      QString::fromStdString(scan_outcome(question_, whole ? exit_code : -1, last_words_)));
  if (!report_.isEmpty()) {
    shown_report_->setPlainText(QString::fromUtf8(report_));
    shown_report_->setVisible(true);
    adjustSize();
  }
  close_->setText("&Close");
}

}  // namespace policy::prompt::qt
