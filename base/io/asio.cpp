// SPDX-License-Identifier: GPL-2.0-or-later
// Boost.Asio's own code, compiled once for the whole project.
#include <boost/asio/impl/src.hpp>
